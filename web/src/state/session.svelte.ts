// Who looks at the page, and what they may do. Asked for once, and again after a sign-in or -out.
import { api } from '../api/endpoints';
import { as_problem, type Problem } from '../api/client';
import type { Capabilities, Me, Role } from '../api/types_account';

class Session {
  capabilities = $state.raw<Capabilities | null>(null);
  me = $state.raw<Me | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(true);

  readonly signed_in = $derived(this.capabilities?.signed_in ?? false);
  readonly role = $derived<Role>(this.#role());
  readonly can_write = $derived(this.capabilities?.can_write_results ?? false);
  readonly is_admin = $derived(this.role === 'admin');

  #role(): Role {
    const told = this.me?.role ?? this.capabilities?.role;
    if (told) return told;
    if (!this.capabilities?.signed_in) return 'anonymous';
    return this.capabilities.can_write_results ? 'writer' : 'reader';
  }

  load = async (): Promise<void> => {
    this.loading = true;
    try {
      const capabilities = await api.capabilities();
      // Without a user of its own (sign-in switched off) there is nobody to name.
      const me =
        capabilities.signed_in && !capabilities.auth_disabled
          ? await api.me().catch(() => null)
          : null;
      this.me = me;
      this.capabilities = capabilities;
      this.problem = null;
    } catch (cause) {
      const problem = as_problem(cause);
      // A private server may keep even this to those who are signed in.
      this.problem = problem.status === 401 ? null : problem;
      this.capabilities = { signed_in: false, auth_disabled: false, can_write_results: false };
      this.me = null;
    }
    this.loading = false;
  };

  sign_in = async (email: string, password: string): Promise<void> => {
    await api.sign_in(email, password);
    await this.load();
  };

  sign_out = async (): Promise<void> => {
    await api.sign_out();
    await this.load();
  };
}

export const session = new Session();
