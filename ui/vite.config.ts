import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

/** `vite build` makes the window; `vite build --mode gallery` every view in every state, from fixtures. */
export default defineConfig(({ mode }) => {
  const gallery = mode === 'gallery';
  return {
    plugins: [svelte(), mode === 'test' && svelteTesting()],
    build: {
      outDir: gallery ? 'dist-gallery' : 'dist',
      target: 'es2022',
      // The policy of the window allows no `data:` scripts or styles; files it is.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: gallery ? 'gallery.html' : ['index.html', 'prompt.html'] },
    },
    test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
  };
});
