"""authlib, the way a Python application uses it."""

import html
import json
import os
import re

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

# The market is on this machine's loopback interface, where there is nothing to encrypt for.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
MARKET = json.loads(os.environ["MARKET"])
API = MARKET["api"]
REDIRECT = "http://127.0.0.1:9/callback"


def orders(token):
    answer = requests.get(f"{API}/v1/orders", headers={"authorization": f"Bearer {token}"}, timeout=30)
    return answer.status_code


def agree(address):
    """Logs in and agrees; gives the address that the browser ends up at."""
    browser = requests.Session()

    def send(page, **fields):
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
        fields |= {name: html.unescape(value) for name, value in hidden}
        answer = browser.post(f"{API}/oauth/authorize", data=fields, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    page = browser.get(address, timeout=30).text
    consent = send(page, email=MARKET["email"], password=MARKET["password"], answer="log_in")
    done = send(consent, answer="approve")
    return html.unescape(re.search(r'<a href="([^"]*)"', done)[1])


registered = requests.post(
    f"{API}/v1/oauth-clients",
    headers={"authorization": f"Bearer {MARKET['secret_key']}"},
    json={
        "name": "Ledgerly",
        "type": "confidential",
        "scopes": ["orders:read"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "redirect_uris": [REDIRECT],
    },
    timeout=30,
).json()
server = requests.get(f"{API}/.well-known/oauth-authorization-server", timeout=30).json()

for method in ("client_secret_basic", "client_secret_post"):
    session = OAuth2Session(
        registered["id"],
        registered["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope="orders:read",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
    )
    verifier = generate_token(48)
    address, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
    token = session.fetch_token(
        server["token_endpoint"], authorization_response=agree(address), state=state, code_verifier=verifier
    )
    assert token["scope"] == "orders:read" and orders(token["access_token"]) == 200
    refreshed = session.refresh_token(server["token_endpoint"], token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]
    introspect = server["introspection_endpoint"]
    assert session.introspect_token(introspect, refreshed["access_token"]).json()["active"] is True
    session.revoke_token(server["revocation_endpoint"], refreshed["refresh_token"])
    assert session.introspect_token(introspect, refreshed["access_token"]).json() == {"active": False}
    assert orders(refreshed["access_token"]) == 401
    own = OAuth2Session(registered["id"], registered["client_secret"], token_endpoint_auth_method=method)
    token = own.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    assert orders(token["access_token"]) == 200

print("authlib: code, refresh, introspection, revocation, own tokens")
