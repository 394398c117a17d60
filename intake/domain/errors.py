"""Errors that a person can act on: a stable code, a Chinese sentence that says what to do next, and an HTTP class decided in one place."""


class DomainError(Exception):
    """Base of every refusal; `code` is stable, `message` is for the person in front of the screen."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(DomainError):
    """What was sent can't be used; `field` names the form field."""

    code = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DomainError):
    """It doesn't exist, or not for this person."""

    code = "not_found"


class Forbidden(DomainError):
    """The role or the area doesn't allow it."""

    code = "forbidden"


class SignedOut(DomainError):
    """The session ended while somebody was writing; what was typed is kept on the page."""

    code = "signed_out"


class FactorMissing(Forbidden):
    """Signed in, but a role of theirs asks for a second step that isn't switched on yet."""

    code = "factor_missing"


class Conflict(DomainError):
    """Somebody else was first; what the person typed is kept on the page."""

    code = "conflict"


class InvalidTransition(Conflict):
    """The state it is in doesn't allow the action."""

    code = "invalid_transition"


class TooMany(DomainError):
    """A limit is spent; the sentence says when to try again."""

    code = "too_many"


class Expired(DomainError):
    """The form or link was open too long; the text is kept."""

    code = "expired"


class PointClosed(DomainError):
    """The intake point is paused or retired."""

    code = "point_closed"


class RetryableError(Exception):
    """It may succeed later: the network, a busy server."""


class PermanentError(Exception):
    """Trying again changes nothing: wrong settings, refused address."""


class RetryableDeliveryError(RetryableError):
    """The channel didn't take the notice this time; `code` is the channel's own, safe to store."""

    def __init__(self, message: str = "", *, code: str = "", after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.after_seconds = after_seconds
        """When to try again, where the channel says; None leaves it to the caller."""


class PermanentDeliveryError(PermanentError):
    """The channel never will take this notice; `code` is the channel's own, safe to store."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RightSpent(PermanentDeliveryError):
    """The channel may not be used for this person now (time over, number used up, refused, unfollowed); another one may."""


class DeliveryUnknown(Exception):
    """It was handed to the channel and no answer came: whether it arrived, nobody knows, so it is never sent again by itself.

    Neither retryable nor permanent on purpose. `code` is the client's own (such as "timeout"), safe to store.
    """

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code
