"""The access calls: token requests, renewal, OAuth, who am I."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import msgspec

from engine.sim.tradovate.call import Call, Login, OAuth
from engine.sim.tradovate.wire import Answer

if TYPE_CHECKING:
    from engine.sim.tradovate.face import Face

WRONG = Answer(body={"errorText": "Incorrect username or password. Please try again."})
BAD_GRANT = Answer(body={"error": "invalid_grant", "error_description": "The code is unknown or used up"})


def request_token(face: "Face", call: Call) -> Answer:
    """auth/accesstokenrequest."""
    body = call.read(Login)
    login = face.venue.logins.get(body.name)
    if login is None or login.password != body.password:
        return WRONG
    if login.cid and (str(body.cid), body.sec) != (login.cid, login.sec):
        return Answer(body={"errorText": "The app is not registered"})
    return Answer(body=face.sessions.answer(face.open_session(login)))


def renew_token(face: "Face", call: Call) -> Answer:
    """auth/renewaccesstoken: the same session, new tokens."""
    if call.session is None:
        return Answer(status=401, body="Access is denied")
    face.sessions.renew(call.session)
    return Answer(body=face.sessions.answer(call.session))


def oauth_token(face: "Face", call: Call) -> Answer:
    """auth/oauthtoken, with a JSON or form body and the client in the body or in HTTP Basic."""
    if call.body.lstrip().startswith(b"{"):
        body = call.read(OAuth)
    else:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        body = msgspec.convert(form, type=OAuth)
    client = call.basic or (body.client_id, body.client_secret)
    code = body.refresh_token if body.grant_type == "refresh_token" else body.code
    login = face.codes.get(code)
    if login is None or (login.cid and client != (login.cid, login.sec)):
        return BAD_GRANT
    del face.codes[code]
    session = face.open_session(login)
    refresh = f"refresh-{session.token}"
    face.codes[refresh] = login
    return Answer(
        body={
            "access_token": session.token,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": int(face.venue.desk.token_s),
        }
    )


def who_am_i(_face: "Face", call: Call) -> Answer:
    """auth/me."""
    if call.session is None:
        return Answer(status=401, body="Access is denied")
    name = call.session.login.user
    return Answer(
        body={
            "userId": call.session.user_id,
            "name": name,
            "fullName": name,
            "email": f"{name}@venue.invalid",
            "emailVerified": True,
            "isTrial": False,
        }
    )
