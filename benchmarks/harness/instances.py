"""Signed instances, made the way Wix makes them: HMAC-SHA256 over the base64url payload segment."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .settings import APP_ID, SECRET


@dataclass(frozen=True)
class SignedInstance:
    """One Authorization value, and the tenant and the user that it proves."""

    instance_id: str
    user: str
    text: str


def sign(
    instance_id: str | None = None,
    *,
    lifetime: timedelta = timedelta(hours=4),
    app_id: str = APP_ID,
    member: bool = False,
    visitor: bool = False,
) -> SignedInstance:
    """An owner's instance as a dashboard page gets it, or a member's or a visitor's as a page of the site
    does; a lifetime below zero has expired already."""
    instance_id = instance_id or str(uuid.uuid4())
    # Each has a user of its own, so that nothing but the app is shared between two of them.
    user = str(uuid.uuid4())
    now = datetime.now(UTC)
    # What has expired was signed four hours before that, as at Wix.
    signed = now if lifetime > timedelta(0) else now + lifetime - timedelta(hours=4)
    payload = {
        "instanceId": instance_id,
        "appDefId": app_id,
        "signDate": _stamp(signed),
        "permissions": "" if member or visitor else "OWNER",
        "demoMode": False,
        "siteOwnerId": str(uuid.uuid4()) if member or visitor else user,
        "expirationDate": _stamp(now + lifetime),
    }
    payload |= {"aid": user} if visitor else {"uid": user, "siteMemberId": user}
    segment = _encode(json.dumps(payload, separators=(",", ":")).encode())
    return SignedInstance(instance_id, user, f"{_signature(segment)}.{segment}")


def tampered(instance: SignedInstance) -> str:
    """The same signature over another tenant's payload: what a forger would send."""
    signature = instance.text.partition(".")[0]
    return f"{signature}.{sign().text.partition('.')[2]}"


def _signature(segment: str) -> str:
    return _encode(hmac.digest(SECRET.encode(), segment.encode(), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
