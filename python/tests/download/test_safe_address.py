"""Which links are refused before anything is asked, however they are written."""

from __future__ import annotations

import socket

import pytest

from stemtools.errors import ToolError
from stemtools.fetching.safe_address import parse_url, resolve

UNSAFE = [
    "file:///etc/passwd",
    "ftp://example.com/x.mp3",
    "gopher://example.com/",
    "data:audio/mp3;base64,AAAA",
    "javascript:alert(1)",
    "http://localhost/x.mp3",
    "http://LOCALHOST./x.mp3",
    "http://a.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://router.lan/",
    "http://nas.home.arpa/",
    "http://127.0.0.1/",
    "http://127.8.9.1:8080/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://3232235777/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://me:secret@example.com/",
    "http://example.com@127.0.0.1/",
]
INVALID = [
    "",
    "song",
    "http://",
    "http:///x",
    "http://exa mple.com/",
    "http://example.com/a b",
    "http://example.com/\r\nHost: x",
    "http://example.com\\@127.0.0.1/",
    "http://exam%70le.com/",
    "http://example.com:99999/",
    "http://example.com:0/",
    "http://[::1/",
    "http://" + "a" * 5000 + ".com/",
    "http://example.com/\x00",
]


def parse_and_resolve(url: str) -> list[str]:
    target = parse_url(url)
    return resolve(target.host, target.port)


@pytest.mark.parametrize("url", UNSAFE)
def test_unsafe_links(url):
    with pytest.raises(ToolError) as raised:
        parse_and_resolve(url)
    assert raised.value.code == "unsafe_address"


@pytest.mark.parametrize("url", INVALID)
def test_invalid_links(url):
    with pytest.raises(ToolError) as raised:
        parse_url(url)
    assert raised.value.code in ("bad_request", "unsafe_address")
    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://Example.COM/a.mp3?x=1#part", "https://example.com/a.mp3?x=1"),
        ("http://example.com:8080", "http://example.com:8080/"),
        ("https://b\u00fccher.example/\u00fc.mp3", "https://xn--bcher-kva.example/%C3%BC.mp3"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1::1]/x", "http://[2606:2800:220:1::1]/x"),
    ],
)
def test_public_links(url, plain):
    assert parse_url(url).url == plain


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    """One public answer beside a private one is how a rebinding name looks."""
    found = [(2, 1, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ToolError):
        resolve("rebind.example", 80)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found[:1])
    assert resolve("fine.example", 80) == ["93.184.216.34"]
