"""What botocore raises, in the words of `objects`: one message that names the store and says what may help."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, no OSError
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
)

from seatrial.contract import environment
from seatrial.contract.layout import InvalidLocationError
from seatrial.store.objects import (
    DeniedError,
    NoBucketError,
    NotFoundError,
    PreconditionError,
    StoreError,
    TooLargeError,
    UnreachableError,
)

_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, TokenRetrievalError)
_WHERE_CREDENTIALS_ARE_GIVEN = (
    "a ModelDeployment names their Secret in spec.storage.secretRef, and in spec.storage.endpoint a server that is not "
    "AWS; the command line takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the server from "
    f"{environment.ENDPOINT} or --endpoint"
)
_NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError)  # refused, timed out, cut off, TLS, proxy
_DENIED_CODES = {"ExpiredToken", "InvalidToken", "XAdminUserNotFound"}  # and all of status 401 and 403
_ABSENT_CODES = {"NoSuchKey", "NoSuchVersion"}  # a bare 404 may come from anything that is no S3 at all
_REGION_CODES = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_LATER_CODES = {"RequestTimeout", "SlowDown", "Throttling", "TooManyRequestsException"}


@contextmanager
def translated(place: str, key: str) -> Iterator[None]:
    """Raise what botocore raises as a StoreError; `place` names the endpoint and the bucket."""
    try:
        yield
    except S3UploadFailedError as error:  # it wraps the real one
        raise _translate(error.__cause__ or error.__context__ or error, place, key) from error
    except (BotoCoreError, ClientError) as error:
        raise _translate(error, place, key) from error
    except (StoreError, InvalidLocationError, OSError):  # the caller's own, and of his files
        raise
    except Exception as error:  # whatever a client makes of what is no S3 at all
        raise _translate(error, place, key) from error


def _translate(error: BaseException, place: str, key: str) -> StoreError:
    match error:
        case ClientError():
            return _answered(error, place, key)
        case _ if isinstance(error, _NO_CREDENTIALS):
            why = "" if isinstance(error, NoCredentialsError) else f" ({error})"
            return DeniedError(f"there are no credentials for {place}{why}: {_WHERE_CREDENTIALS_ARE_GIVEN}")
        case _ if type(error) is HTTPClientError:  # not sent; its text has the request's headers
            return StoreError(f"{place} cannot be asked for {key!r}: check the endpoint and the credentials")
        case _ if isinstance(error, _NO_ANSWER):
            return UnreachableError(f"{place} did not answer for {key!r}: {error}")
        case BotoCoreError():
            return StoreError(f"{place}: {key!r}: {error}")
        case _:
            return StoreError(f"{place} gave an answer that is none of S3's; check the endpoint")


def _answered(error: ClientError, place: str, key: str) -> StoreError:
    """Return the error for an answer of the server's."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    words = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())  # on one line, as users see it
    said = f"{code} ({status}): {words}".rstrip(": .")
    if code == "NoSuchBucket":
        return NoBucketError(f"{place}: there is no such bucket; create it, or correct the store's address")
    if code in _DENIED_CODES or status in (401, 403):
        return DeniedError(f"{place} refused {key!r}: {said}; check the access key, its secret and what it may do")
    if code in _REGION_CODES or status in (301, 307):
        return StoreError(f"{place} belongs to another region: {said}; set the region")
    if code in _ABSENT_CODES:
        return NotFoundError(f"{place}: there is no object {key!r}")
    if status in (409, 412):
        return PreconditionError(f"{place}: {key!r} exists already, or is not what it was when it was read")
    if code == "EntityTooLarge" or status == 413:
        return TooLargeError(f"{place} takes no object as large as {key!r}")
    if code in _LATER_CODES or status == 429 or status >= 500:
        return UnreachableError(f"{place} cannot answer for {key!r} now: {said}")
    if status == 404:
        return StoreError(f"{place} answers {key!r} with {said}, as no S3 does; check the endpoint")
    return StoreError(f"{place}: {key!r}: {said}")
