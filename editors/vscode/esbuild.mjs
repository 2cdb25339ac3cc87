// Bundles the extension, or with `--tests` the tests, into `dist`.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import * as esbuild from "esbuild";

const has = (flag) => process.argv.includes(flag);
const common = { bundle: true, platform: "node", target: "node20", format: "cjs", logLevel: "warning" };

if (has("--tests")) {
  rmSync("dist/test", { recursive: true, force: true });
  await esbuild.build({
    ...common,
    entryPoints: readdirSync("test/unit")
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `test/unit/${name}`),
    outdir: "dist/test",
    sourcemap: "inline",
    // What is loaded with files of its own beside it.
    external: ["vscode-oniguruma", "vscode-textmate"],
    alias: { vscode: "./test/vscode.ts" },
  });
  await esbuild.build({
    ...common,
    entryPoints: ["test/server.ts"],
    outdir: "dist/fixtures",
    alias: { vscode: "./test/vscode.ts" },
  });
} else {
  const options = {
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    external: ["vscode"],
    minify: has("--production"),
    sourcemap: !has("--production"),
  };
  if (has("--watch")) {
    const context = await esbuild.context({ ...options, logLevel: "info" });
    await context.watch();
  } else {
    rmSync("dist/extension.js.map", { force: true });
    const { metafile } = await esbuild.build({ ...options, metafile: true });
    writeFileSync("dist/licenses.txt", licenses(metafile));
  }
}

/** The licences of the packages that a bundle is made of. */
function licenses({ inputs }) {
  const packages = new Set(Object.keys(inputs).flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
    if (file === undefined) {
      throw new Error(`${name} has no licence`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
