// What the clients' stories share: the market they talk to, and somebody who lets them in over plain HTTP.

import assert from "node:assert/strict";

const told = JSON.parse(process.env.MARKET);

/** Where the market is. */
export const api = told.api;

/** Who lets integrations in. */
export const owner = { email: told.email, password: told.password };

/** Where integrations are sent back to. Nobody listens there. */
export const redirect = "http://127.0.0.1:9/callback";

/** Registers an integration with the store's key. */
export async function register(fields) {
  const answer = await fetch(`${api}/v1/oauth-clients`, {
    method: "POST",
    headers: { authorization: `Bearer ${told.secret_key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Ledgerly", scopes: ["orders:read"], ...fields }),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
}

/** A confidential one, for everything. */
export function confidential() {
  const grant_types = ["authorization_code", "refresh_token", "client_credentials"];
  return register({ type: "confidential", grant_types, redirect_uris: [redirect] });
}

/** What the API answers to a read with this token. */
export async function orders(token) {
  const answer = await fetch(`${api}/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}

/** Logs in and agrees at `address`; gives the address that the browser ends up at. */
export async function agree(address) {
  const page = await fetch(address);
  const cookie = page.headers.get("set-cookie").split(";")[0];
  const send = async (html, fields) => {
    const answer = await fetch(`${api}/oauth/authorize`, {
      method: "POST",
      headers: { cookie },
      body: new URLSearchParams({ ...hidden(html), ...fields }),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text;
  };
  const consent = await send(await page.text(), { ...owner, answer: "log_in" });
  const done = await send(consent, { answer: "approve" });
  return new URL(plain(done.match(/<a href="([^"]*)"/)[1]));
}

function hidden(html) {
  const fields = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, plain(value)]));
}

function plain(html) {
  const letters = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  return html.replace(/&(lt|gt|quot|amp|#39);/g, (written) => letters[written]);
}
