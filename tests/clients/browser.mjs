// The pages in a real browser: somebody logs in and agrees; another site tries to answer for them.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { api, owner, register } from "./shop.mjs";

/** A site: what it answers to every request. Gives its address, which is another than the market's. */
async function site(answer) {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(answer(request));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

const app = await site(() => "<title>Ledgerly</title>");
const redirect = `${app}/callback`;
const registered = await register({ type: "public", redirect_uris: [redirect] });
const address = `${api}/oauth/authorize?${new URLSearchParams({
  response_type: "code",
  client_id: registered.id,
  redirect_uri: redirect,
  state: "xyz",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
})}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  // The browser asks for a site's icon by itself; there is none, and the policy says so.
  const heard = () => complaints.filter((text) => !text.includes("favicon.ico"));

  // The integration's own page leads here, as it would: from another site.
  await page.goto(app);
  await page.goto(address);
  assert.match(await page.title(), /^Log in to /);
  const styled = await page.evaluate(() => getComputedStyle(document.querySelector("main")).maxWidth);
  assert.equal(styled, "416px", "the one style that the policy lets through");
  const scripts = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    return window.ran === undefined;
  });
  assert.ok(scripts, "a script that got into the page does not run");
  assert.ok(heard().length > 0, "the browser complains of it");
  complaints.length = 0;
  await page.reload();
  const [cookie] = await context.cookies(api);
  assert.equal(cookie.name, "souk-authorize");
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.secure], [true, "Lax", false]);
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads it");

  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", "wrong");
  await page.click("button");
  await page.waitForSelector("[role=alert]");
  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", owner.password);
  await page.click("button");
  await page.waitForSelector("text=See and list all orders.");
  assert.ok(await page.isVisible("text=127.0.0.1"), "where it leads");
  await page.click("text=Don’t allow");
  await page.waitForURL(`${redirect}?**`);
  assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");

  await page.goto(address);
  await page.fill("[name=email]", owner.email);
  await page.fill("[name=password]", owner.password);
  await page.click("button");
  await page.click("text=Allow >> nth=0");
  await page.waitForURL(`${redirect}?**`);
  const answer = new URL(page.url()).searchParams;
  assert.deepEqual([answer.get("state"), answer.get("iss")], ["xyz", api]);
  assert.match(answer.get("code"), /^ac_/);
  // 401 is how the wrong password is answered, and the console says so.
  assert.deepEqual(heard().filter((text) => !text.includes("401")), [], "nothing broke a rule");

  // Another site has the browser send the form of the question, without knowing its codes.
  const query = new URL(address).search.slice(1);
  const form = ["log in", "consent"].map((name) => `
    <form method="post" action="${api}/oauth/authorize" id="${name.replace(" ", "")}">
      <input name="page" value="${name}"><input name="request" value="${query.replaceAll("&", "&amp;")}">
      <input name="email" value="${owner.email}"><input name="password" value="${owner.password}">
      <input name="answer" value="${name === "consent" ? "approve" : "log_in"}">
    </form>`);
  // Another name of the same machine is another site.
  const evil = (await site(() => form.join(""))).replace("127.0.0.1", "localhost");
  for (const id of ["login", "consent"]) {
    await page.goto(evil);
    const [refused] = await Promise.all([
      page.waitForResponse((response) => response.url() === `${api}/oauth/authorize`),
      page.evaluate((id) => document.getElementById(id).submit(), id),
    ]);
    // Answered is not yet shown: where the next page is asked for first, the browser gives that up for this one.
    await page.waitForURL(`${api}/oauth/authorize`);
    assert.equal(refused.status(), 403, `${id} from another site`);
    assert.equal((await refused.request().allHeaders()).cookie, undefined, "the cookie stays at home");
  }
  // Nor can the pages be put into a frame of another site's.
  const frame = await site(() => `<iframe src="${address.replaceAll("&", "&amp;")}"></iframe>`);
  await page.goto(frame.replace("127.0.0.1", "localhost"));
  const inner = page.frames().find((inner) => inner !== page.mainFrame());
  assert.equal(await inner.locator("form").count(), 0, "an empty frame");
  console.log("browser: log-in, consent, refusal, policy, cookie, another site's form and frame");
} finally {
  await browser.close();
}
