// oauth4webapi, which checks every answer against the standards, goes all the ways there are.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { agree, api, confidential, orders, redirect, register } from "./shop.mjs";

const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(api);
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { ...http, algorithm: "oauth2" }),
);
assert.deepEqual(server.code_challenge_methods_supported, ["S256"]);

/** Lets the integration in: its tokens. */
async function letIn(client, proof) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirect,
    response_type: "code",
    scope: "orders:read",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  });
  // Checks `state`, and that `iss` is who it asked (RFC 9207).
  const parameters = oauth.validateAuthResponse(server, client, await agree(address), state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server, client, proof, parameters, redirect, verifier, http,
  );
  return oauth.processAuthorizationCodeResponse(server, client, answer);
}

/** What the server says of a token. */
async function introspect(client, proof, token) {
  const answer = await oauth.introspectionRequest(server, client, proof, token, http);
  return oauth.processIntrospectionResponse(server, client, answer);
}

const registered = await confidential();
const client = { client_id: registered.id };
for (const proof of [
  oauth.ClientSecretBasic(registered.client_secret),
  oauth.ClientSecretPost(registered.client_secret),
]) {
  const tokens = await letIn(client, proof);
  assert.equal(tokens.scope, "orders:read");
  assert.equal(await orders(tokens.access_token), 200);

  // As a resource server of somebody else's would: RFC 9068, with the published keys.
  const request = new Request(`${api}/v1/orders`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  const claims = await oauth.validateJwtAccessToken(server, request, api, {
    ...http,
    signingAlgorithms: ["EdDSA"],
  });
  assert.equal(claims.client_id, client.client_id);

  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, proof, tokens.refresh_token, http),
  );
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  assert.equal((await introspect(client, proof, refreshed.access_token)).active, true);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, proof, refreshed.refresh_token, http),
  );
  assert.equal((await introspect(client, proof, refreshed.access_token)).active, false);
  assert.equal(await orders(refreshed.access_token), 401);

  const own = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, proof, { scope: "orders:read" }, http),
  );
  assert.equal(await orders(own.access_token), 200);
}

const wrong = await oauth.clientCredentialsGrantRequest(
  server, client, oauth.ClientSecretBasic("cs_wrong"), {}, http,
);
await assert.rejects(
  oauth.processClientCredentialsResponse(server, client, wrong),
  (error) => error.error === "invalid_client" || error.cause?.some?.(({ scheme }) => scheme === "basic"),
);

const app = await register({ type: "public", redirect_uris: [redirect] });
const tokens = await letIn({ client_id: app.id }, oauth.None());
assert.equal(await orders(tokens.access_token), 200);
console.log("oauth4webapi: discovery, code, refresh, introspection, revocation, own tokens, JWT");
