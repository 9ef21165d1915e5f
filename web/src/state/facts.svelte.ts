// What the server holds, asked for once and shared by shell, home and filters.
import { api } from '../api/endpoints';
import { as_problem, type Problem } from '../api/client';
import type { Facts } from '../api/types';

class SharedFacts {
  value = $state.raw<Facts | null>(null);
  problem = $state.raw<Problem | null>(null);

  load = async (): Promise<void> => {
    try {
      this.value = await api.facts();
      this.problem = null;
    } catch (cause) {
      this.problem = as_problem(cause);
    }
  };
}

export const facts = new SharedFacts();
