// play sounds two soft tones: there is no file to fetch. It does nothing where the
// browser wants to see a click first.
export function play(): void {
  try {
    const audio = new AudioContext();
    const at = audio.currentTime;
    for (const [i, hertz] of [660, 880].entries()) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const begin = at + i * 0.11;
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, begin);
      volume.gain.linearRampToValueAtTime(0.12, begin + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.22);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + 0.24);
    }
    setTimeout(() => void audio.close(), 1_000);
  } catch {
    // no sound here
  }
}
