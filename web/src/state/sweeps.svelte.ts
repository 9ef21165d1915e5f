// What there are inference sweeps of, shared by the parts of their view; asked for anew by each.
import { api } from '../api/endpoints';
import { as_problem, type Problem } from '../api/client';
import type { Availability, InferenceRegistry } from '../api/types_inference';
import { available_models, type AvailableModel } from '../inference/available';

export interface Sweeps {
  registry: InferenceRegistry;
  rows: Availability[];
  models: AvailableModel[];
}

class SharedSweeps {
  value = $state.raw<Sweeps | null>(null);
  problem = $state.raw<Problem | null>(null);

  load = async (): Promise<void> => {
    try {
      const [registry, rows] = await Promise.all([api.inference_registry(), api.availability()]);
      this.value = { registry, rows, models: available_models(rows, registry) };
      this.problem = null;
    } catch (cause) {
      this.problem = as_problem(cause);
    }
  };
}

export const sweeps = new SharedSweeps();
