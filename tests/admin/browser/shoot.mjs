// Pictures of the console, to look at: node shoot.mjs URL FOLDER [SECONDS].
import { chromium } from "playwright-core";
import { takeFilesFromFolder } from "./files.mjs";

const [url, folder, seconds = "8"] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

async function open(colorScheme, width, height) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height } });
  const page = await context.newPage();
  page.on("console", (message) => console.log(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console.log(`error: ${error.message}`));
  await takeFilesFromFolder(page);
  return page;
}

const light = await open("light", 1440, 1000);
const dark = await open("dark", 1440, 1000);
const narrow = await open("light", 420, 900);
await Promise.all([light, dark, narrow].map((page) => page.goto(url)));
await light.waitForTimeout(Number(seconds) * 1000);
await light.screenshot({ path: `${folder}/overview-light.png` });
await dark.screenshot({ path: `${folder}/overview-dark.png` });
await narrow.screenshot({ path: `${folder}/overview-narrow.png` });
await Promise.all([light, dark].map((page) => page.goto(`${url}/#/room/puzzle-42`)));
await light.waitForTimeout(4000);
await light.screenshot({ path: `${folder}/room-light.png` });
await dark.screenshot({ path: `${folder}/room-dark.png` });
await light.getByRole("button", { name: "Kick…" }).first().click();
await light.screenshot({ path: `${folder}/kick.png` });
await browser.close();
