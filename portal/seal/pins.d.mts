export interface PinStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}
export function pinInFragment(hash: string): string | null;
export function pinFor(storage: PinStorage, where: { tenant: string; domain: string; fragment?: string | null; roots?: string[] }): Promise<{ pin: string; leastRsn: number }>;
export function rememberPin(storage: PinStorage, pin: { tenant: string; domain: string; dr: string; rsn: number }): void;
