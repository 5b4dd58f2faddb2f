"""Phone systems, as far as their webhooks go: bodies as each of them posts and signs them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from standardwebhooks import Webhook

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}

SECRETS = {
    "twilio": "a-made-up-auth-token-of-twilio",
    "vonage": "a-made-up-signature-secret-of-vonage",
    "retell": "key_made_up_of_retell",
    "vapi": "a-made-up-secret-of-vapi",
    "generic": "whsec_" + base64.b64encode(bytes(range(32))).decode(),
}


def twilio(url: str, secret: str, fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """A form, signed as Twilio signs it: X-Twilio-Signature over the URL and the sorted parameters."""
    text = url + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    return {**FORM, "x-twilio-signature": signature}, urlencode(fields).encode()


def vonage(
    _url: str, secret: str, payload: Any, *, at: float | None = None, **claims: Any
) -> tuple[dict[str, str], bytes]:
    """JSON with a JWT of its digest."""
    body = json.dumps(payload).encode()
    issued = int(time.time() if at is None else at)
    said = {"iat": issued, "jti": "made-up", "iss": "Vonage", "payload_hash": hashlib.sha256(body).hexdigest()}
    token = jwt.encode({**said, **claims}, secret, algorithm="HS256")
    return {**JSON, "authorization": f"Bearer {token}"}, body


def retell(_url: str, secret: str, payload: Any, *, at: float | None = None) -> tuple[dict[str, str], bytes]:
    """JSON, signed with the time in milliseconds after it."""
    body = json.dumps(payload).encode()
    stamp = str(int((time.time() if at is None else at) * 1000))
    digest = hmac.new(secret.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    return {**JSON, "x-retell-signature": f"v={stamp},d={digest}"}, body


def vapi(_url: str, secret: str, payload: Any, *, at: float | None = None) -> tuple[dict[str, str], bytes]:
    """JSON, signed as Vapi's credentials of the kind HMAC do by default."""
    body = json.dumps(payload).encode()
    stamp = str(int((time.time() if at is None else at) * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {**JSON, "x-signature": digest, "x-timestamp": stamp}, body


def generic(
    _url: str, secret: str, payload: Any, *, at: float | None = None, message_id: str = "msg_1"
) -> tuple[dict[str, str], bytes]:
    """JSON, signed by the Standard Webhooks specification."""
    body = json.dumps(payload)
    moment = datetime.fromtimestamp(int(time.time() if at is None else at), UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }
    return {**JSON, **headers}, body.encode()


SIGNERS: dict[str, Any] = {"twilio": twilio, "vonage": vonage, "retell": retell, "vapi": vapi, "generic": generic}


def course(provider: str, sid: str, number: str) -> list[Any]:
    """What a phone system posts of one call of 62 seconds that a person began, in order."""
    made: list[Any] = _COURSES[provider](sid, number)
    return made


def _twilio_course(sid: str, number: str) -> list[dict[str, str]]:
    both = {"CallSid": sid, "AccountSid": "AC1", "From": number, "To": "+14155550100", "Direction": "inbound"}
    began = {**both, "CallStatus": "in-progress", "SequenceNumber": "1"}
    ended = {**both, "CallStatus": "completed", "SequenceNumber": "2", "CallDuration": "62"}
    recorded = {"CallSid": sid, "RecordingStatus": "completed", "RecordingUrl": "https://rec.example/1"}
    return [
        {**began, "Timestamp": "Fri, 20 Nov 2026 09:00:00 +0000"},
        {**ended, "Timestamp": "Fri, 20 Nov 2026 09:01:02 +0000"},
        recorded,
    ]


def _vonage_course(sid: str, number: str) -> list[dict[str, Any]]:
    both = {"uuid": sid, "conversation_uuid": f"CON-{sid}", "from": number[1:], "to": "14155550100"}
    both["direction"] = "inbound"
    return [
        {**both, "status": "started", "timestamp": "2026-11-20T08:59:55.000Z"},
        {**both, "status": "answered", "timestamp": "2026-11-20T09:00:00.000Z", "start_time": None},
        {
            **both,
            "status": "completed",
            "timestamp": "2026-11-20T09:01:02.000Z",
            "start_time": "2026-11-20T09:00:00.000Z",
            "end_time": "2026-11-20T09:01:02.000Z",
            "duration": "62",
            "price": "0.0100",
        },
    ]


def _retell_course(sid: str, number: str) -> list[dict[str, Any]]:
    call = {
        "call_id": sid,
        "agent_id": "agent_made_up",
        "direction": "inbound",
        "from_number": number,
        "to_number": "+14155550100",
        "start_timestamp": 1_795_165_200_000,
        "call_status": "ongoing",
    }
    ended = {
        **call,
        "call_status": "ended",
        "end_timestamp": 1_795_165_262_000,
        "duration_ms": 62_000,
        "transcript": "Agent: Good morning.\nUser: I would like a quote for the roof.",
        "recording_url": "https://rec.example/1.wav",
        "disconnection_reason": "user_hangup",
        "call_cost": {"combined_cost": 12.5},
    }
    analysis = {"call_summary": "Wants a quote for a roof.", "user_sentiment": "Positive"}
    analysis["custom_analysis_data"] = {"budget": 9000}  # type: ignore[assignment]
    return [
        {"event": "call_started", "call": call},
        {"event": "call_ended", "call": ended},
        {"event": "call_analyzed", "call": {**ended, "call_analysis": analysis}},
    ]


def _vapi_course(sid: str, number: str) -> list[dict[str, Any]]:
    call = {"id": sid, "type": "inboundPhoneCall", "assistantId": "asst_1", "customer": {"number": number}}
    began = {"type": "status-update", "status": "in-progress", "timestamp": 1_795_165_200_000, "call": call}
    ended = {**began, "status": "ended", "endedReason": "customer-ended-call", "timestamp": 1_795_165_262_000}
    report = {
        "type": "end-of-call-report",
        "timestamp": 1_795_165_270_000,
        "call": call,
        "endedReason": "customer-ended-call",
        "startedAt": "2026-11-20T09:00:00.000Z",
        "endedAt": "2026-11-20T09:01:02.000Z",
        "transcript": "AI: Good morning.\nUser: I would like a quote for the roof.",
        "recordingUrl": "https://rec.example/1.wav",
        "analysis": {"summary": "Wants a quote for a roof.", "structuredData": {"budget": 9000}},
        "cost": 0.125,
    }
    return [{"message": message} for message in (began, ended, report)]


def _generic_course(sid: str, number: str) -> list[dict[str, Any]]:
    return [
        {
            "event": "started",
            "callSid": sid,
            "agentId": "agent_1",
            "direction": "inbound",
            "callerNumber": number,
            "callerName": "Rosa",
            "timestamp": "2026-11-20T09:00:00Z",
            "startedAt": "2026-11-20T09:00:00Z",
        },
        {
            "event": "completed",
            "callSid": sid,
            "duration": 62,
            "timestamp": "2026-11-20T09:01:02Z",
            "transcript": "Agent: Good morning.",
            "sentiment": "positive",
            "topics": ["roof"],
            "summary": "Wants a quote for a roof.",
            "collectedData": {"budget": 9000},
            "cost": 0.125,
        },
    ]


_COURSES: dict[str, Any] = {
    "twilio": _twilio_course,
    "vonage": _vonage_course,
    "retell": _retell_course,
    "vapi": _vapi_course,
    "generic": _generic_course,
}
