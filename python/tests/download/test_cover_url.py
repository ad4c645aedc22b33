"""Pictures are believed only where catalogues and sites keep them."""

from __future__ import annotations

import pytest

from stemtools.fetching.cover_url import cover_url


@pytest.mark.parametrize(
    "host",
    [
        "i.scdn.co",
        "mosaic.scdn.co",
        "image-cdn-ak.spotifycdn.com",
        "I.SCDN.CO",
        "is1-ssl.mzstatic.com",
        "cdn-images.dzcdn.net",
        "resources.tidal.com",
        "i.ytimg.com",
        "i1.sndcdn.com",
        "f4.bcbits.com",
    ],
)
def test_covers_on_known_hosts(host):
    assert cover_url(f"https://{host}/image/a?b=1") == f"https://{host.lower()}/image/a?b=1"


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "",
        "image",
        "//i.scdn.co/image",
        "http://i.scdn.co/image",
        "https://scdn.co/image",
        "https://evilscdn.co/image",
        "https://i.scdn.co.evil.com/image",
        "https://evil.com/i.scdn.co",
        "https://evil.com#.scdn.co",
        "https://me@i.scdn.co/image",
        "https://i.scdn.co\\@evil.com/",
        "https://i.scdn.co/a b",
        "https://i.scdn.co:99999/",
        "https://127.0.0.1/.scdn.co",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)//.scdn.co",
    ],
)
def test_covers_of_nobody_known(address):
    assert cover_url(address) is None
