"""Pages over TLS: the connection goes to an address, the certificate is that of the name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from small_web import PUBLIC, SmallWeb

from conversational_rag.errors import UrlUnreachable
from conversational_rag.ingestion.fetching.pages import WebPages

NAME = "www.example.org"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 7\r\n\r\nSecure."


class TlsServer:
    """Has a certificate for NAME, signed by itself; remembers the names that clients asked for, and their heads."""

    def __init__(self, folder: Path) -> None:
        self.names: list[str | None] = []
        self.heads: list[bytes] = []
        self.certificate = folder / "certificate.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        make_certificate(self.certificate)
        self._context.load_cert_chain(self.certificate)
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=self._context)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)
        await reader.read()
        writer.close()


def make_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


@pytest_asyncio.fixture
async def server(web: SmallWeb, tmp_path: Path) -> AsyncIterator[TlsServer]:
    server = TlsServer(tmp_path)
    listening = await server.start()
    web.tls_port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
def trusting(web: SmallWeb, server: TlsServer) -> WebPages:
    """Pages that trust the server's certificate."""
    tls = ssl.create_default_context(cafile=str(server.certificate))
    return WebPages(max_bytes=1000, seconds=20, resolve=web.resolve, network=web, tls=tls)


async def test_name_and_address_go_their_own_ways(
    web: SmallWeb, server: TlsServer, trusting: WebPages, into: Path
) -> None:
    fetched = await trusting.fetch(f"https://{NAME}/page", into)
    assert (fetched.url, fetched.filename, fetched.size) == (f"https://{NAME}/page", "page.txt", 7)
    assert web.dialled == [(PUBLIC, 443)]
    assert server.names == [NAME]
    assert server.heads[0].startswith(b"GET /page HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}\r\n".encode() in server.heads[0]


@pytest.mark.parametrize("host", ["other.example.org", PUBLIC])
async def test_a_certificate_for_another_name_is_refused(
    web: SmallWeb, server: TlsServer, trusting: WebPages, into: Path, host: str
) -> None:
    web.name("other.example.org", [PUBLIC])
    with pytest.raises(UrlUnreachable, match="no valid TLS certificate"):
        await trusting.fetch(f"https://{host}/", into)
    assert server.heads == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(server: TlsServer, pages: WebPages, into: Path) -> None:
    with pytest.raises(UrlUnreachable, match="no valid TLS certificate"):
        await pages.fetch(f"https://{NAME}/", into)
    assert server.heads == []


async def test_a_server_that_does_not_speak_tls_is_told(web: SmallWeb, pages: WebPages, into: Path) -> None:
    heard = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.write(ANSWER)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as plain:
        web.tls_port = plain.sockets[0].getsockname()[1]
        with pytest.raises(UrlUnreachable, match="cannot be reached"):
            await pages.fetch(f"https://{NAME}/secret", into)
    assert b"secret" not in heard[0]
