// Light, dark, or as the system has it; remembered by this browser.

export type ThemeChoice = 'auto' | 'light' | 'dark';

const k_key = 'benchlake.theme';
const k_order: ThemeChoice[] = ['auto', 'light', 'dark'];

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(k_key);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

class Theme {
  choice = $state<ThemeChoice>(stored());
  /** Changes whenever the colours change, also when the system switches; charts repaint on it. */
  version = $state(0);

  constructor() {
    this.#apply();
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.version += 1;
    });
  }

  #apply(): void {
    if (this.choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }

  next(): void {
    this.choice = k_order[(k_order.indexOf(this.choice) + 1) % k_order.length]!;
    try {
      localStorage.setItem(k_key, this.choice);
    } catch {
      // Storage is off: the choice then lasts until the page is closed.
    }
    this.#apply();
    this.version += 1;
  }
}

export const theme = new Theme();
