// Styles, scripts and icons: one hashed file per shell; the manifest tells the templates their names.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import postcss from "postcss";
import { PurgeCSS } from "purgecss";
import { build, defineConfig } from "vite";

const TEMPLATES = "intake/web/templates";
const ICONS = "node_modules/bootstrap-icons/icons";
const LIBRARY = /^--(weui|tblr)-/;

const files = folder => readdirSync(folder, { recursive: true }).map(name => join(folder, name));
const pages = () => files(TEMPLATES).filter(name => name.endsWith(".html"));

// Of WeUI and Tabler only what a template uses stays, and none of their colours: each library variable that is left
// must be set in our own files (phone.css, desk.css), or the build fails and says which.
function purged() {
  return {
    name: "purged",
    apply: "build",
    async generateBundle(_options, bundle) {
      for (const asset of Object.values(bundle).filter(one => one.fileName.endsWith(".css"))) {
        const [{ css }] = await new PurgeCSS().purge({
          content: [...pages(), ...files("intake/web/assets").filter(name => name.endsWith(".js"))],
          css: [{ raw: withoutThemes(String(asset.source)) }],
          defaultExtractor: text => text.match(/[\w-]+/g) ?? [],
          // What scripts and browsers set, and no template names.
          safelist: { standard: [/^htmx-/, /^weui-btn_(primary|default|warn)$/, "is-loading"], greedy: [/leaflet-/, /:focus-visible/, /::placeholder/, /data-mode/, /data-care/, /aria-/, /:where/, /:focus-visible/, /:target/] },
          keyframes: true,
        });
        asset.source = withoutUnusedVariables(css, asset.fileName);
      }
    },
  };
}

// The libraries' own palettes, light and dark, which ours replaces.
function withoutThemes(css) {
  const sheet = postcss.parse(css);
  sheet.walkRules(rule => {
    const themed = rule.selectors.every(one => /^(body|\.wx-root|page|:root|:host)?(\.wx-root)?(:not\()?(\[data-(weui|bs)-theme[^\]]*\]\)?)?$/.test(one.trim()));
    if (themed && rule.selector.match(/wx-root|theme|weui/)) rule.walkDecls(LIBRARY, one => { if (isColour(one.value)) one.remove(); });
    // A literal stands before each variable for browsers of 2015; none of ours is that old.
    rule.walkDecls(one => { if (one.value.includes("var(--weui-") && one.prev()?.prop === one.prop) one.prev().remove(); });
    // Tabler's dark theme hangs on an attribute that no page of ours carries, its twelve columns on a class that means something else here.
    const kept = rule.selectors.filter(one => !/\[data-(bs-)?theme="?dark/.test(one));
    if (kept.length && kept.length < rule.selectors.length) rule.selectors = kept;
    if (!kept.length || !rule.nodes.length || (/^\.row\b/.test(rule.selector) && rule.toString().includes("--tblr-gutter"))) rule.remove();
  });
  sheet.walkAtRules(one => { if (one.nodes && !one.nodes.length) one.remove(); });
  return sheet.toString();
}

const isColour = value => /#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(|transparent|color-mix|^(white|black)$/i.test(value);

function withoutUnusedVariables(css, fileName) {
  const sheet = postcss.parse(css);
  for (let removed = true; removed; ) {
    removed = false;
    const used = new Set([...sheet.toString().matchAll(/var\(\s*(--[\w-]+)/g)].map(found => found[1]));
    sheet.walkDecls(LIBRARY, one => { if (!used.has(one.prop)) { one.remove(); removed = true; } });
  }
  sheet.walkRules(rule => { if (!rule.nodes.length) rule.remove(); });
  sheet.walkAtRules(one => { if (one.nodes && !one.nodes.length) one.remove(); });
  const set = new Set();
  sheet.walkDecls(/^--/, one => { set.add(one.prop); });
  const missing = new Set([...sheet.toString().matchAll(/var\(\s*(--weui-[\w-]+)\s*\)/g)].map(found => found[1]).filter(name => !set.has(name)));
  if (missing.size) throw new Error(`${fileName}: give these colours of WeUI one of ours in phone.css: ${[...missing].join(", ")}`);
  return sheet.toString();
}

// Every word in quotes in a template or view that is the name of an icon, as the inside of its <svg>; only the server reads them.
function icons() {
  return {
    name: "icons",
    apply: "build",
    generateBundle() {
      const known = new Set(readdirSync(ICONS).map(name => name.replace(/\.svg$/, "")));
      const sources = [...pages(), ...files("intake/web").filter(name => name.endsWith(".py"))].map(name => readFileSync(name, "utf8")).join("\n");
      const names = new Set([...sources.matchAll(/["']([a-z][a-z0-9-]+)["']/g)].map(found => found[1]).filter(name => known.has(name)));
      const shapes = {};
      for (const name of [...names].sort())
        shapes[name] = readFileSync(join(ICONS, `${name}.svg`), "utf8").replace(/^<svg[^>]*>|<\/svg>\s*$|\n\s*/g, "");
      this.emitFile({ type: "asset", fileName: "icons.json", source: JSON.stringify(shapes) });
    },
  };
}

// The service worker in one piece, since not every browser lets one import; its address has no hash (web/resident/worker_script.py serves it).
function worker() {
  return {
    name: "worker",
    apply: "build",
    async generateBundle() {
      const made = await build({
        configFile: false, logLevel: "warn",
        build: { write: false, rollupOptions: { input: source("sw.js"), output: { format: "iife" } } },
      });
      this.emitFile({ type: "asset", fileName: "sw.js", source: made.output[0].code });
    },
  };
}

// Beside each file its compressed forms, where they save something: intake/web/compress.py sends them.
function compressed() {
  let folder;
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) { folder = join(config.root, config.build.outDir); },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true }).filter(one => /\.(css|js|mjs|svg)$/.test(one))) {
        const bytes = readFileSync(join(folder, name));
        for (const [suffix, smaller] of [[".br", brotliCompressSync(bytes)], [".gz", gzipSync(bytes, { level: 9 })]])
          if (smaller.length < bytes.length * 0.9) writeFileSync(join(folder, name + suffix), smaller);
      }
    },
  };
}

// What pages share, in few files: each costs more in its head than in its words.
const TOGETHER = [
  { name: "once", test: /\/assets\/once\.js$|vite\/preload-helper/ },
  { name: "shared", test: /\/assets\/form\/(words|worker|choices)\.js$|\/node_modules\/idb\// },
  { name: "on-member-phone", test: /\/assets\/member\/(store|outbox|sending|keeping|strip|start)\.js$/ },
];

const source = name => `intake/web/assets/${name}`;

export default defineConfig({
  root: "intake/web/assets",
  base: "/static/",
  plugins: [purged(), icons(), worker(), compressed()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    rollupOptions: {
      checks: { pluginTimings: false },
      input: Object.fromEntries(["phone.css", "desk.css", "public.css", "map.css", "capture.css", "plan.css", "phone.js", "public.js", "form.js", "member.js", "capture.js", "desk.js", "wechat.js", "proof.js", "receipt.js", "chart.css", "chart.js"].map(name => [name.replace(".", "-"), source(name)])),
      output: { entryFileNames: "[name]-[hash].js", chunkFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]", codeSplitting: { groups: TOGETHER } },
    },
  },
});
