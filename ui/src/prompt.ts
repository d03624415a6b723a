import { mount } from 'svelte';
import { tauriPrompt } from './host/tauri-prompt';
import PinPrompt from './keys/PinPrompt.svelte';
import TouchPrompt from './keys/TouchPrompt.svelte';
import './kit/base.css';
import { clock } from './kit/clock.svelte';

const prompt = await tauriPrompt.prompt();
const target = document.getElementById('app');
if (!prompt) void tauriPrompt.giveUp();
else if (target) {
  clock.start();
  mount(prompt.touch ? TouchPrompt : PinPrompt, { target, props: { prompt, host: tauriPrompt } });
}
