import preact from "@preact/preset-vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/app/",
  plugins: [
    preact(),
    VitePWA({
      registerType: "prompt",
      manifest: {
        name: "pickmesh",
        short_name: "pickmesh",
        lang: "zh-CN",
        start_url: "/app/",
        scope: "/app/",
        display: "standalone",
        orientation: "portrait",
        background_color: "#0f1720",
        theme_color: "#0f1720",
        icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
      },
      workbox: {
        globPatterns: ["**/*.{html,js,css,svg,wasm,webmanifest}"],
        maximumFileSizeToCacheInBytes: 4_000_000,
        navigateFallback: "/app/index.html",
      },
    }),
  ],
  build: { outDir: "../app/static", emptyOutDir: true, target: "es2022", sourcemap: false },
  worker: { format: "es" },
  server: {
    proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true }, "/scan": "http://127.0.0.1:8000" },
  },
  test: { environment: "node", include: ["test/**/*.test.ts"] },
});
