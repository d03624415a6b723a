import { mount } from 'svelte';
import { tauriPrompt } from './host/tauri-prompt';
import PinPrompt from './keys/PinPrompt.svelte';
import './kit/base.css';

const prompt = await tauriPrompt.prompt();
const target = document.getElementById('app');
if (!prompt) void tauriPrompt.giveUp();
else if (target) mount(PinPrompt, { target, props: { prompt, host: tauriPrompt } });
