"""A local mail server that speaks as much of SMTP as submission needs, and can misbehave at any step of it."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HANG_UP = b""
"""As an answer: the connection is closed instead."""

HANG = b"hang"
"""As an answer: none ever comes."""


@dataclass
class FakeSmtp:
    """`answers` replaces the usual answer to a step: greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, content."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    tls_first: bool = False
    login: tuple[str, str] | None = None
    answers: dict[str, bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    secured: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.secured = self.tls_first
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say(writer, "greeting", b"220 mail.example ready\r\n"):
            return
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split(" ")[0].upper()
            if not await self._say(writer, verb, self._usual(command, verb)):
                return
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and "STARTTLS" not in self.answers and self.tls:
                await writer.start_tls(self.tls)
                self.secured = True
            if verb == "DATA" and "DATA" not in self.answers:
                mail = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(mail.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
                if not await self._say(writer, "content", b"250 2.0.0 queued as 4F1\r\n"):
                    return

    def _usual(self, command: str, verb: str) -> bytes:
        match verb:
            case "EHLO":
                offered = ["mail.example", "SIZE 1000000"]
                offered += ["STARTTLS"] if self.tls and not self.secured else []
                offered += ["AUTH PLAIN"] if self.login else []
                return "".join(f"250-{one}\r\n" for one in offered).encode() + b"250 HELP\r\n"
            case "STARTTLS":
                return b"220 go ahead\r\n"
            case "AUTH":
                told = base64.b64decode(command.split(" ")[2]).decode().split("\0")[1:]
                return b"235 welcome\r\n" if self.login and told == list(self.login) else b"535 5.7.8 no\r\n"
            case "DATA":
                return b"354 go on\r\n"
            case "QUIT":
                return b"221 bye\r\n"
            case _:
                return b"250 ok\r\n"

    async def _say(self, writer: asyncio.StreamWriter, step: str, usual: bytes) -> bool:
        answer = self.answers.get(step, usual)
        if answer == HANG:
            await self.over.wait()
        if answer in (HANG, HANG_UP):
            return False
        writer.write(answer)
        await writer.drain()
        return True


@asynccontextmanager
async def fake_smtp(tls: ssl.SSLContext | None = None, *, tls_first: bool = False) -> AsyncIterator[FakeSmtp]:
    """The server on a free port of this machine."""
    fake = FakeSmtp(tls=tls, tls_first=tls_first)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=tls if tls_first else None)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        fake.over.set()
        server.close()


def contexts_of(host: str, directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for the host, and a client's context that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "mail.pem"
    chain = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(chain + secret)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=chain.decode())
