// One hashed file per shell; the manifest tells the templates their names.
import { defineConfig } from "vite";

export default defineConfig({
  root: "intake/web/assets",
  base: "/static/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { phone: "intake/web/assets/phone.css", desk: "intake/web/assets/desk.css", enhance: "intake/web/assets/enhance.js" },
      output: { entryFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
});
