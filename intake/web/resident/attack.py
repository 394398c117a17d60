"""A point under attack: what a send must get past, and what about it makes staff look first. Nobody is told which; nothing is dropped."""

from datetime import timedelta

from flask import Response, current_app, request

from intake.domain.point import is_guarded
from intake.domain.suspicion import Suspicion
from intake.queries.point import PointView
from intake.services.form_key import FormKey, issue_form_key
from intake.services.point_guard import note_attack
from intake.web.unit_of_work import db, wiring

TRAP_FIELD = "website"
"""What no person sees (templates/resident/_trap.html); programs fill in everything."""
PROOF_FIELD = "proof"


def fresh_key(point: PointView, *, again: bool) -> str:
    """A key for the form of `point`. Shown again after a refusal it counts as open long enough: the person only presses once more."""
    wired = wiring()
    opened = wired.clock.now() - timedelta(seconds=wired.settings.form_seconds + 1 if again else 0)
    return issue_form_key(wired.vault, point_id=point.id, at=opened)


def is_braked(point: PointView, device: bytes) -> bool:
    """Whether this send is more than is taken from its device or address, or than any point takes; more than people send guards the point."""
    wired, settings = wiring(), wiring().settings
    if not wired.limiter.hit_all(
        (settings.device_limit, ("send-device", device.hex())), (settings.address_limit, ("send-address", request.remote_addr or ""))
    ):
        # Not counted against the point: one flooder must not close it for its neighbours.
        return True
    is_usual, is_taken = wired.limiter.hit_each(
        (settings.guard_limit, ("guard-point", str(point.id))), (settings.point_limit, ("send-point", str(point.id)))
    )
    if not is_usual:
        note_attack(db(), point, minutes=settings.guard_minutes, at=wired.clock.now())
    return not is_taken


def suspicion_of(point: PointView, key: FormKey, device: bytes) -> Suspicion | None:
    """What about this send makes staff look first; a proof is spent by asking. None in general."""
    wired, now = wiring(), wiring().clock.now()
    if request.form.get(TRAP_FIELD):
        return Suspicion.TRAP
    if (now - key.opened_at).total_seconds() < wired.settings.form_seconds:
        return Suspicion.FAST
    if is_guarded(point.guard, point.guarded_until, at=now) and not wired.proof.spend(
        request.form.get(PROOF_FIELD, ""), point_id=point.id, at=now
    ):
        return Suspicion.UNPROVEN
    if not wired.limiter.hit(wired.settings.flood_limit, "flood", device.hex()):
        return Suspicion.FLOOD
    return None


def challenge_of(point: PointView) -> str:
    """What the form of a guarded point carries for the solver; empty in general."""
    now = wiring().clock.now()
    return wiring().proof.challenge(point_id=point.id, at=now) if is_guarded(point.guard, point.guarded_until, at=now) else ""


def challenge_again(point: PointView) -> Response:
    """The same for a form that was open too long, or waited for the signal; `{}` where no proof is asked for."""
    return current_app.response_class(challenge_of(point) or "{}", mimetype="application/json")
