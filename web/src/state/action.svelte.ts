// Something that changes the server: under way, or failed with a Problem.
import { as_problem, type Problem } from '../api/client';

/** One at a time: while it is under way, another run() does nothing. */
export class Action<Arguments extends unknown[], T> {
  running = $state(false);
  problem = $state.raw<Problem | null>(null);
  #work: (...given: Arguments) => Promise<T>;

  constructor(work: (...given: Arguments) => Promise<T>) {
    this.#work = work;
  }

  /** What the work gave; undefined when it failed (see `problem`) or one was under way. */
  run = async (...given: Arguments): Promise<T | undefined> => {
    if (this.running) return undefined;
    this.running = true;
    this.problem = null;
    try {
      return await this.#work(...given);
    } catch (cause) {
      this.problem = as_problem(cause);
      return undefined;
    } finally {
      this.running = false;
    }
  };
}
