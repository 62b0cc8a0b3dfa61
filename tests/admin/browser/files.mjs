// While working on the console: with CONSOLE=folder, its files come from there instead of from the
// binary, under the same policy.
import { readFile } from "node:fs/promises";

const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml", html: "text/html" };

export async function takeFilesFromFolder(page) {
  const folder = process.env.CONSOLE;
  if (!folder) return;
  await page.route(/\/(console\/.*)?$/, async (route) => {
    const path = new URL(route.request().url()).pathname;
    const name = path.slice(1).replace("console/", "") || "index.html";
    const answer = await route.fetch();
    await route.fulfill({
      status: 200,
      headers: { "content-security-policy": answer.headers()["content-security-policy"] },
      body: await readFile(`${folder}/${name}`),
      contentType: TYPES[name.split(".").pop()],
    });
  });
}
