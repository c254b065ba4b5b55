// What may be done. Every act resolves to null, or to a sentence for the person; none throws for network or refusal.

import type { Heard, Said } from "./model";

export type Sentence = string | null;

export async function start(): Promise<Sentence> {
  return null;
}
export async function pair(_linkOrToken: string, _device: string): Promise<Sentence> {
  return null;
}
export async function signIn(_name: string, _password: string, _device: string): Promise<Sentence> {
  return null;
}
export async function signOut(_force = false): Promise<Sentence> {
  return null;
}
export async function chooseLocation(_id: string): Promise<Sentence> {
  return null;
}
export async function chooseStation(_id: string | null): Promise<Sentence> {
  return null;
}
export async function refreshJobs(): Promise<Sentence> {
  return null;
}
export async function takeNext(): Promise<Sentence> {
  return null;
}
export async function openList(_id: string): Promise<Sentence> {
  return null;
}
export async function openPacking(): Promise<Sentence> {
  return null;
}
export async function openPutBack(): Promise<Sentence> {
  return null;
}
export async function openLookUp(): Promise<Sentence> {
  return null;
}
export async function leave(): Promise<Sentence> {
  return null;
}
export async function finish(): Promise<Sentence> {
  return null;
}
export async function hear(_heard: Heard): Promise<Sentence> {
  return null;
}
export async function say(_said: Said): Promise<Sentence> {
  return null;
}
export async function acknowledge(): Promise<Sentence> {
  return null;
}
export async function lookUp(_term: string): Promise<Sentence> {
  return null;
}
export async function invite(_personId: string): Promise<{ link: string } | string> {
  return "";
}
export async function sendNow(): Promise<Sentence> {
  return null;
}
