import { expect, it } from "vitest";
import { detectLanguage, languageName } from "./detect-language.ts";

it.each([
  [
    "The worker takes the job from the queue and holds a lease on it while it runs, so that no other worker takes it.",
    "eng",
  ],
  ["npm install", "eng"],
  ["", "eng"],
  ["{ } ; = () => 42", "eng"],
  [
    "Der Arbeiter nimmt den Auftrag aus der Schlange und hält ihn fest, solange er läuft, damit kein anderer ihn nimmt.",
    "deu",
  ],
  [
    "Le serveur reçoit la demande et la transmet au service qui la traite, puis il renvoie la réponse au client.",
    "fra",
  ],
  [
    "El servidor recibe la solicitud y la envía al servicio que la procesa, y luego devuelve la respuesta al cliente.",
    "spa",
  ],
  ["消息队列的可靠性取决于持久化策略。", "cmn"],
  ["Сервер принимает запрос и передаёт его службе, которая его обрабатывает.", "rus"],
])("%j is %s", async (text, language) => {
  expect(await detectLanguage(text)).toBe(language);
});

it("names a language in English", () => {
  expect(languageName("deu")).toBe("German");
  expect(languageName("not a code")).toBe("not a code");
});
