// The console in a real browser: node console.mjs URL KEYED_URL KEY. The rooms and players are
// those of ../test_console.py, which also looks at what became of them. Pictures go to
// CONSOLE_PICTURES, if it is set.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { takeFilesFromFolder } from "./files.mjs";

const [url, keyedUrl, key] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const troubles = [];

async function open(address, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 1000 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    // The browser's own remark on an answer that the console shows as it should.
    const remark = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !remark) troubles.push(message.text());
  });
  page.on("dialog", (dialog) => troubles.push(`a script ran: ${dialog.message()}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(address).origin)
      troubles.push(`asked ${request.url()}`);
  });
  await takeFilesFromFolder(page);
  await page.goto(address);
  return page;
}

const picture = async (page, name) => {
  if (process.env.CONSOLE_PICTURES)
    await page.screenshot({ path: `${process.env.CONSOLE_PICTURES}/${name}.png` });
};
// Polls from here: what Playwright itself would put into the page to wait, the page's own
// policy forbids.
async function until(page, condition, argument) {
  const deadline = Date.now() + 60_000;
  while (!(await page.evaluate(condition, argument))) {
    if (Date.now() > deadline) throw new Error(`never: ${condition}`);
    await page.waitForTimeout(100);
  }
}
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const step = (text) => console.log(`- ${text}`);

step("the overview shows the server and its rooms by traffic");
const page = await open(url, { colorScheme: "light" });
await page.getByRole("link", { name: "lively" }).waitFor();
await page.getByText("store memory").waitFor();
const first = page.locator("tbody tr").first();
await first.getByRole("link", { name: "lively" }).waitFor();
assert.equal(await first.locator("td").nth(1).textContent(), "3");
// Rates are there with the second look.
await until(
  page,
  () => Number(document.querySelector("tbody tr td:nth-child(4)").textContent) > 0,
);
await until(page, () => document.querySelectorAll(".chart .line").length === 4);
await until(page, () =>
  /[\d.]+(µs|ms)/.test(document.querySelectorAll(".tile .value")[5].textContent),
);
await picture(page, "overview-light");

step("the filter leaves the rooms that fit");
await page.getByLabel("Filter rooms").fill("quiet");
await page.getByText("1 to 1 of 1").waitFor();
assert.equal(await page.locator("tbody tr").count(), 1);
await page.getByLabel("Filter rooms").fill("");

step("a room shows its members and a tail of its messages, as text");
await page.getByRole("link", { name: "odd/ä <b>" }).click();
await page.getByRole("heading", { name: "odd/ä <b>" }).waitFor();
await page.getByText("<img src=x onerror=alert(1)>").waitFor();
await page.getByText("\\u{202e}reversed").waitFor();
assert.equal(await page.locator(".tail img").count(), 0);
assert.equal(await page.locator("tbody tr").count(), 2);
await picture(page, "room-light");

step("publish, lock, kick");
await page.getByRole("button", { name: "Publish…" }).click();
await page.getByLabel("Message", { exact: true }).fill("not json");
await page.getByRole("button", { name: "Publish", exact: true }).click();
await page.getByRole("alert").waitFor();
await page
  .getByLabel("Message", { exact: true })
  .fill('{"type":"notice","text":"five minutes left"}');
await page.getByRole("button", { name: "Publish", exact: true }).click();
await page.getByText("five minutes left").waitFor();
await page.getByRole("button", { name: "Lock", exact: true }).click();
await page.locator(".chip", { hasText: "locked" }).waitFor();
await page.getByRole("button", { name: "Kick…" }).first().click();
await picture(page, "kick");
await page.getByLabel("Reason, which the player sees").fill("seen in a browser");
await page.getByRole("button", { name: "Kick", exact: true }).click();
await until(page, () => document.querySelectorAll("tbody tr").length === 1);

step("an unknown room is told, and the overview comes back");
await page.goto(`${url}/#/room/never-was`);
await page.getByText("Nobody is in this room, and nothing of it is kept.").waitFor();
await page.getByRole("link", { name: "← Rooms" }).click();
await page.getByRole("link", { name: "lively" }).waitFor();

step("colours follow the system, or the choice");
const light = await background(page);
await page.emulateMedia({ colorScheme: "dark" });
await until(page, (before) => getComputedStyle(document.body).backgroundColor !== before, light);
await picture(page, "overview-dark");
await page.locator("#theme").click();
await until(page, (before) => getComputedStyle(document.body).backgroundColor === before, light);
await page.locator("#theme").click();
assert.notEqual(await background(page), light);
await page.reload();
await page.getByRole("link", { name: "lively" }).waitFor();
assert.notEqual(await background(page), light, "the choice is remembered");
await page.locator("#theme").click();
await page.emulateMedia({ colorScheme: "light" });

step("a narrow window needs no scrolling sideways");
await page.setViewportSize({ width: 400, height: 800 });
assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
await picture(page, "overview-narrow");

step("a server that does not answer is told, and so is its return");
await page.route("**/api/**", (route) => route.abort());
await page.getByText("The server does not answer.").waitFor();
await page.unroute("**/api/**");
await page.locator("#banner").waitFor({ state: "hidden" });

step("a server with a key asks for it");
const keyed = await open(keyedUrl);
await keyed.getByLabel("Key").fill("wrong");
await keyed.getByRole("button", { name: "Open" }).click();
await keyed.getByRole("alert").waitFor();
await picture(keyed, "key");
await keyed.getByLabel("Key").fill(key);
await keyed.getByRole("button", { name: "Open" }).click();
await keyed.getByText("No rooms yet.").waitFor();

await browser.close();
assert.deepEqual(troubles, []);
