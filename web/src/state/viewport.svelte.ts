// Whether the page is shown in a hand: then tables leave columns out (`.wide`, base.css).

class Viewport {
  narrow = $state(false);

  constructor() {
    const narrow = window.matchMedia('(max-width: 720px)');
    this.narrow = narrow.matches;
    narrow.addEventListener('change', () => (this.narrow = narrow.matches));
  }
}

export const viewport = new Viewport();
