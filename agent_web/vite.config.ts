import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// `CCD_SERVER=http://127.0.0.1:8080 npm run dev` shows these sources against a running server.
const server = process.env["CCD_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: { outDir: "../ccd/web/pages", emptyOutDir: true, assetsInlineLimit: 0 },
  server: { proxy: { "/api": server, "/live": { target: server, ws: true } } },
});
