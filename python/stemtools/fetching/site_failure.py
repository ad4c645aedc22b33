"""What yt-dlp says when a recording cannot be had, in our codes and in sentences for people."""

from __future__ import annotations

from stemtools.errors import ToolError

# Code, what yt-dlp, its libraries and YouTube say (lower case, straight apostrophes), and our sentence; the
# first row of which anything is said counts.
FAILURES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "unsafe_address",
        (
            "file:// urls are",
            "unsupported url scheme",
            "no connection adapters were found",
            "redirection to url",
            "curl: (1) protocol",
            "this process reaches nothing but the guard",
        ),
        "The source leads somewhere that is not fetched; send a public link or the file itself.",
    ),
    ("disk_full", ("no space left", "quota exceeded"), "The disk is full; free some space and try again."),
    ("too_large", ("file too large",), "The song is too large; choose a shorter one."),
    (
        "bot_check",
        ("not a bot",),
        "YouTube asks this machine to sign in, to show that it is no robot; send the file itself. "
        "The operator can set YTDLP_COOKIES, YTDLP_POT_PROVIDER or DOWNLOAD_PROXY.",
    ),
    (
        "age_restricted",
        (
            "confirm your age",
            "age-restricted",
            "age restricted",
            "inappropriate for some users",
            "age verification",
            "age-verification",
        ),
        "The recording is only shown to adults who sign in; send the file itself. "
        "The operator can set YTDLP_COOKIES.",
    ),
    (
        "drm_protected",
        ("drm protected", "drm protection", "known to use drm"),
        "The recording is protected against copying (DRM); send the file itself.",
    ),
    (
        "private_video",
        (
            "private video",
            "video is private",
            "private track",
            "members-only",
            "channel's members",
            "members on level",
            "join this channel",
            "premium members",
            "requires payment",
            "only available for registered users",
            "only available to registered users",
            "login details are needed",
            "sign in if you've been granted access",
            "only works when logged-in",
        ),
        "The recording is private or for members only; make it public, or send the file itself.",
    ),
    (
        "region_blocked",
        (
            "in your country",
            "in your region",
            "from your location",
            "geo restriction",
            "geo-restricted",
            "georestricted",
        ),
        "The recording is not shown in the country of this machine; send the file itself. "
        "The operator can set DOWNLOAD_PROXY.",
    ),
    (
        "live_stream",
        (
            "live event will begin",
            "live event has ended",
            "premieres in",
            "premiere will begin",
            "live stream recording is not available",
            "is offline",
            "is not currently live",
        ),
        "This is a live stream or a premiere; wait until it is over, or send the file itself.",
    ),
    (
        "source_blocked",
        (
            "http error 401",
            "http error 402",
            "http error 403",
            "http error 429",
            "too many requests",
            "rate-limited",
            "captcha",
            "your ip is likely being blocked",
            "did not get any data blocks",
            "downloaded file is empty",
        ),
        "The source refuses this machine for now; try again tomorrow, or send the file itself. "
        "The operator can set YTDLP_COOKIES or DOWNLOAD_PROXY.",
    ),
    (
        "source_unavailable",
        (
            "video unavailable",
            "video is unavailable",
            "video is not available",
            "video isn't available",
            "content isn't available",
            "no longer available",
            "has been removed",
            "been terminated",
            "does not exist",
            "http error 404",
            "http error 410",
            "not contain any tracks",
            "doesn't contain any tracks",
        ),
        "The recording is not there any more; choose another link, or send the file itself.",
    ),
    (
        "unreachable",
        (
            "http error 5",
            "timed out",
            "timeout",
            "connection",
            "resolve",
            "proxyerror",
            "unable to connect to proxy",
            "max retries",
            "ssl",
            "certificate",
            "urlopen",
            "transporterror",
            "incompleteread",
            "incomplete read",
            "more expected",
            "eof occurred",
            "content too short",
            "bytes read",
        ),
        "The source did not answer properly; try again later.",
    ),
    (
        "site_changed",
        (
            "unable to extract",
            "failed to extract",
            "failed to parse",
            "failed to decrypt",
            "an extractor error has occurred",
            "please report this issue",
            "no video formats found",
            "requested format is not available",
            "no suitable extractor",
            "unsupported url",
            "could not be found. please install",
        ),
        "The source's pages cannot be read any more; send the file itself. "
        "The operator can run npm run update-downloader.",
    ),
    ("source_unavailable", ("",), "The recording cannot be fetched from there; send the file itself."),
)


# Why a page could not be read, which yt-dlp only warns of before it gives up.
REASONS = ("bot_check", "source_blocked", "unreachable")


def site_error(code: str) -> ToolError:
    """The error with one of these codes."""
    return ToolError(code, next(message for known, _, message in FAILURES if known == code))


def explain_site(text: str, warnings: str = "") -> ToolError:
    """The error that stands in what yt-dlp said.

    Parameters
    ----------
    text : str
        Its last word.
    warnings : str
        What it had warned of; asked only when it could not read a page.
    """
    found = _first_that_fits(text)
    if found.code == "site_changed":
        reason = _first_that_fits(warnings)
        return reason if reason.code in REASONS else found
    return found


def _first_that_fits(text: str) -> ToolError:
    text = text.lower().replace("\u2019", "'")
    return next(
        ToolError(code, message) for code, signs, message in FAILURES if any(s in text for s in signs)
    )
