// Large print, colours and language may stand in the address; with anything else a form is asked for in a special way, and isn't kept.
const CHOICES = ["care", "mode", "lang"];

export const isOrdinary = search => [...new URLSearchParams(search).keys()].every(name => CHOICES.includes(name));
