// openid-client, the way an application uses it.

import assert from "node:assert/strict";
import * as client from "openid-client";
import { agree, api, confidential, orders, redirect } from "./shop.mjs";

const registered = await confidential();
const config = await client.discovery(
  new URL(api),
  registered.id,
  registered.client_secret,
  undefined,
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
);
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: redirect,
  scope: "orders:read",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
});
const tokens = await client.authorizationCodeGrant(config, await agree(address), {
  pkceCodeVerifier,
  expectedState,
});
assert.equal(await orders(tokens.access_token), 200);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.equal((await client.tokenIntrospection(config, refreshed.access_token)).active, true);
await client.tokenRevocation(config, refreshed.access_token);
assert.equal(await orders(refreshed.access_token), 401);
const own = await client.clientCredentialsGrant(config, { scope: "orders:read" });
assert.equal(await orders(own.access_token), 200);
console.log("openid-client: discovery, code, refresh, introspection, revocation, own tokens");
