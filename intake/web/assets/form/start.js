// On pages that aren't the form itself; a module of its own, so that the form's own file shares the rest as it is.
import { showOnPhone } from "./on-phone.js";

showOnPhone();
