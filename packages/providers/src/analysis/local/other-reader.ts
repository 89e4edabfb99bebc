import type { LanguageReader, Word } from "./reading.ts";
import { sentencesIn } from "./sentences-of.ts";

/** The commonest words of the languages met most often after English: enough to keep them out of the keywords. */
const STOP_WORDS: Readonly<Record<string, string>> = {
  deu: "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da damit dann das dass dein dem den denn der des dessen die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines einige er es etwa etwas für gegen gibt haben hat hatte hier hinter ich ihm ihn ihr ihre ihrem ihren ihrer im immer in indem ins ist ja jede jedem jeden jeder jedes jedoch jetzt kann kein keine können könnte man mehr mein mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinen seiner seit selbst sich sie sind so soll sollen sollte sondern sowie sonst über um und uns unser unter viel viele vom von vor während war waren was weil weiter welche wenn wer werden wie wieder will wir wird wo wurde wurden zu zum zur zwei zwischen",
  fra: "à ainsi alors après au aucun aussi autre autres aux avant avec avoir car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme comment dans de des depuis deux dire doit donc dont du elle elles en encore entre est et étaient était étant été être eu eux fait faire fois font grand ici il ils je jusque la là le les leur leurs lors lorsque lui ma mais me même mêmes mes moins mon ne ni nos notre nous on ont ou où par parce pas pendant peu peut peuvent plus plusieurs pour pourquoi puis qu quand que quel quelle quelques qui quoi sa sans se selon sera ses si sinon soi son sont sous souvent sur ta te tel telle tes ton toujours tous tout toute toutes très trop tu un une vers voici vos votre vous",
  spa: "a al algo alguna algunas alguno algunos ante antes aquel aquella aquí así aunque bien cada casi como con contra cual cuales cuando cuándo de del desde después donde dos durante e el él ella ellas ellos en entonces entre era eran es esa esas ese eso esos esta está están este esto estos fue fueron ha había habían hace hacer hacia han hasta hay incluso la las le les lo los luego más me menos mi mientras mis mismo mucho muchos muy nada ni no nos nosotros nuestra nuestro o otra otras otro otros para pero poco por porque pues puede pueden que qué quien quién se sea según ser si sí sido siempre sin sino sobre solo sólo son su sus también tan tanto te tiene tienen toda todas todo todos tras tu un una uno unos usted y ya yo",
  ita: "a ad agli ai al alcuni all alla alle allo altra altre altri altro anche ancora aveva bene c che chi ci cioè come con contro cosa così cui da dagli dai dal dalla dalle de degli dei del dell della delle dello dentro di dopo dove due e è ed era erano essere fa fare fino fra già gli ha hanno ho i il in invece io l la le lei li lo loro lui ma me meno mentre mi mio molti molto ne negli nei nel nella nelle no noi non nostro o ogni ora per perché però più poco poi possono prima proprio può qua quale quali quando quasi quella quelle quelli quello questa queste questi questo qui quindi se sempre senza si sia sono sopra sotto sta stata stati stato su sua sue sugli sul sulla suo suoi tra tu tutta tutti tutto un una uno verso vi voi",
  por: "a à ainda algum alguma alguns ante antes ao aos após aquela aquele aqui as às assim até bem cada com como contra da das de dela dele deles depois desde dessa desse desta deste do dois dos e é ela elas ele eles em enquanto entre era essa esse esta está estão este eu foi foram há isso isto já la lhe lo mais mas me mesmo meu minha muito muitos na nada não nas nem no nos nossa nosso num numa o onde os ou outra outro outros para pela pelas pelo pelos pode podem por porque qual quando que quem se seja sem sempre ser seu seus sobre sua suas são só também te tem têm ter toda todas todo todos tu um uma umas uns você vocês",
  nld: "aan al alle alleen als altijd ander andere bij dan dat de deze die dit doch doen door dus een en er geen had hebben heeft hem het hier hij hoe hun iets ik in is ja je kan kunnen maar meer men met mij mijn moet na naar niet niets nog nu of om omdat onder ons onze ook op over reeds te tegen toch toen tot u uit uw van veel voor want was wat we wel werd wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou",
};
const MIN_WORD_CHARACTERS = 4;
/** Scripts that write words without spaces make shorter ones. */
const MIN_DENSE_CHARACTERS = 2;
const DENSE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u;
const LETTERS = /^\p{L}[\p{L}\p{M}\p{N}'’.-]*$/u;

/** A language without a grammar here: the runtime's own word boundaries, stop words where there are some, length elsewhere. */
export function otherReader(language: string): LanguageReader {
  const locale = localeOf(language);
  const stopWords = new Set(STOP_WORDS[language]?.split(" "));
  const segmenter = new Intl.Segmenter(locale, { granularity: "word" });
  return {
    language,
    hasGrammar: false,
    sentences: (paragraph) => sentencesIn(locale, paragraph),
    readSentence: (text) =>
      Array.from(segmenter.segment(text))
        .filter(({ segment }) => segment.trim() !== "")
        .map(({ segment, isWordLike }) => wordOf(segment, isWordLike === true, stopWords)),
  };
}

/** A three-letter code (ISO 639-3) as the runtime writes it; its root rules where it knows no such language. */
function localeOf(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "und";
  } catch {
    return "und";
  }
}

/** Endings of number and case in the languages of Europe, where enough of the word is left. */
function stemOf(word: string): string {
  const stem = word.replace(/(?:en|er|es|em|os|as|e|s|n)$/, "");
  return stem.length >= 5 ? stem : word;
}

function wordOf(text: string, isWord: boolean, stopWords: ReadonlySet<string>): Word {
  const key = stemOf(text.toLowerCase());
  if (!isWord || !LETTERS.test(text)) return { text, key, partOfSpeech: "break", weight: 0 };
  const shortest = DENSE.test(text) ? MIN_DENSE_CHARACTERS : MIN_WORD_CHARACTERS;
  const isEmpty = stopWords.has(text.toLowerCase()) || Array.from(text).length < shortest;
  return { text, key, partOfSpeech: isEmpty ? "other" : "noun", weight: isEmpty ? 0 : 1 };
}
