/** A place a story can be set in, and what it sounds like. */
export interface PlaceWord {
  readonly words: RegExp;
  readonly name: string;
  readonly sound: string;
}

export const PLACES: readonly PlaceWord[] = [
  {
    words: /\b(forests?|woods|woodland|jungle|rainforest|trees?)\b/i,
    name: "forest",
    sound: "birds and wind in a forest",
  },
  { words: /\b(harbou?rs?|ports?|docks?)\b/i, name: "harbour", sound: "waves against a harbour wall, ropes and gulls" },
  {
    words: /\b(oceans?|seas?|coasts?|beach(es)?|reefs?|shores?)\b/i,
    name: "sea coast",
    sound: "waves of the sea rolling in",
  },
  { words: /\b(rivers?|streams?|waterfalls?|canals?)\b/i, name: "river valley", sound: "a river running over stones" },
  { words: /\b(lakes?|ponds?|marsh(es)?|wetlands?)\b/i, name: "lake", sound: "water of a lake, a light wind" },
  { words: /\b(islands?|archipelago)\b/i, name: "island", sound: "surf and wind on an island" },
  {
    words: /\b(mountains?|alps|peaks?|summits?|glaciers?|volcano(es)?|cliffs?)\b/i,
    name: "mountain ridge",
    sound: "wind over a mountain",
  },
  { words: /\b(deserts?|dunes?|sahara|sand)\b/i, name: "desert", sound: "desert wind over sand" },
  {
    words: /\b(cit(y|ies)|streets?|downtown|towers?|skyscrapers?|metropolis)\b/i,
    name: "city street",
    sound: "traffic and voices of a city street",
  },
  {
    words: /\b(factor(y|ies)|mills?|plants?|industr\w*|machines?)\b/i,
    name: "factory floor in the city",
    sound: "machines of a factory, an engine",
  },
  {
    words: /\b(villages?|towns?|markets?|cottages?)\b/i,
    name: "village square",
    sound: "a village market, a church bell far away",
  },
  {
    words: /\b(farms?|orchards?|barns?|vineyards?|hives?|gardens?|bees?|honey)\b/i,
    name: "farm garden",
    sound: "a garden with birds and humming insects",
  },
  {
    words: /\b(castles?|palaces?|kings?|knights?|medieval)\b/i,
    name: "castle courtyard",
    sound: "steps in a courtyard, a bell",
  },
  {
    words: /\b(temples?|church(es)?|monaster(y|ies)|cathedrals?)\b/i,
    name: "temple",
    sound: "a quiet temple with bells",
  },
  {
    words: /\b(librar(y|ies)|archives?|books?|writers?|manuscripts?)\b/i,
    name: "library interior",
    sound: "a quiet room, pages and a clock ticking",
  },
  {
    words: /\b(laborator(y|ies)|labs?|scientists?|experiments?|chemists?|physic\w*)\b/i,
    name: "laboratory interior",
    sound: "a laboratory, a machine humming",
  },
  {
    words: /\b(workshops?|forges?|craft\w*|inventors?|invent\w*|blacksmiths?)\b/i,
    name: "workshop interior",
    sound: "hammer and tools in a workshop",
  },
  {
    words: /\b(kitchens?|cook\w*|bakers?|bread|food|recipes?)\b/i,
    name: "kitchen interior",
    sound: "a kitchen, a fire crackling",
  },
  {
    words: /\b(schools?|classrooms?|students?|teachers?|universit(y|ies))\b/i,
    name: "classroom interior",
    sound: "a classroom, a clock ticking, steps",
  },
  {
    words: /\b(caves?|caverns?|mines?|miners?|underground)\b/i,
    name: "cave",
    sound: "drops of water in a cave, a low hum",
  },
  {
    words: /\b(space|moons?|planets?|mars|galax(y|ies)|stars?|rockets?|orbit\w*|astronauts?|satellites?)\b/i,
    name: "open space above a planet",
    sound: "a deep drone of space",
  },
  { words: /\b(arctic|antarctic\w*|poles?|ice|icebergs?)\b/i, name: "frozen coast", sound: "wind over ice" },
  {
    words: /\b(fields?|meadows?|prairies?|savannah?|steppe|grass\w*)\b/i,
    name: "open field",
    sound: "wind in a field, insects",
  },
];

/** Where nothing is said. */
export const ANY_PLACES: readonly Omit<PlaceWord, "words">[] = [
  { name: "wide open field", sound: "a breeze over a field, birds" },
  { name: "quiet village street", sound: "a village, steps on stone" },
  { name: "workshop interior", sound: "tools in a workshop, a clock ticking" },
  { name: "river valley", sound: "a river running over stones" },
  { name: "library interior", sound: "a quiet room, a clock ticking" },
  { name: "city street", sound: "traffic of a city street" },
  { name: "forest clearing", sound: "birds and wind in a forest" },
  { name: "mountain ridge", sound: "wind over a mountain" },
  { name: "sea coast", sound: "waves of the sea rolling in" },
  { name: "great hall interior", sound: "steps in a large hall" },
];

/** People and animals; the name is what was found. */
export const FIGURES =
  /\b(beekeepers?|keepers?|sailors?|captains?|fishermen|fisherman|explorers?|scientists?|doctors?|engineers?|inventors?|astronauts?|pilots?|farmers?|bakers?|cooks?|miners?|soldiers?|knights?|kings?|queens?|emperors?|princes{0,2}|merchants?|monks?|nuns?|priests?|teachers?|students?|writers?|painters?|musicians?|detectives?|children|child|grandmothers?|grandfathers?|mothers?|fathers?|villagers?|workers?|robots?|travell?ers?|divers?|hunters?|shepherds?|blacksmiths?|wizards?|witch(?:es)?|vikings?|guards?|mayors?|bees?|honeybees?|wol(?:f|ves)|dogs?|cats?|horses?|lions?|tigers?|bears?|fox(?:es)?|deer|sheep|cows?|goats?|elephants?|mice|mouse|rabbits?|dragons?|whales?|birds?|owls?|penguins?|dolphins?|sharks?|turtles?)\b/gi;

export const ANY_FIGURES: readonly string[] = [
  "storyteller",
  "curious traveller",
  "old teacher",
  "young explorer",
  "engineer",
  "farmer",
  "child with a question",
  "scientist",
  "merchant",
  "captain",
];

export const THINGS =
  /\b(books?|diar(?:y|ies)|journals?|manuscripts?|maps?|scrolls?|letters?|documents?|blueprints?|swords?|axes?|kni(?:fe|ves)|lanterns?|lamps?|torch(?:es)?|candles?|ships?|boats?|rafts?|wagons?|carts?|trucks?|trains?|cars?|clocks?|watch(?:es)?|compass(?:es)?|astrolabes?|gears?|wheels?|telescopes?|microscopes?|cameras?|flowers?|plants?|chests?|box(?:es)?|crates?|barrels?|treasures?|keys?|jars?|honey|bread|coins?|masks?|drums?|rockets?|anchors?|nets?|hives?)\b/gi;

export const ANY_THINGS: readonly string[] = [
  "old map",
  "worn journal",
  "brass lantern",
  "telescope",
  "wooden chest",
  "clock",
  "key",
  "small plant",
];

/** Words of a text that hold for all of its pictures. */
export const MOODS: readonly { readonly words: RegExp; readonly mood: string }[] = [
  { words: /\b(winter|snow\w*|blizzard|frozen|arctic|ice)\b/i, mood: "snow and cold winter air" },
  { words: /\b(storm\w*|thunder\w*|rain\w*|flood\w*)\b/i, mood: "heavy rain in the air" },
  { words: /\b(fog\w*|mist\w*|eerie|myster\w*|haunted|ghost\w*)\b/i, mood: "thin mist" },
  { words: /\b(nights?|midnight|dark|darkness)\b/i, mood: "deep night" },
  { words: /\b(dawn|sunrise|morning|spring)\b/i, mood: "the calm of early morning" },
  { words: /\b(dusk|sunset|evening|autumn)\b/i, mood: "a golden evening" },
];

const IRREGULAR: Readonly<Record<string, string>> = {
  children: "child",
  fishermen: "fisherman",
  mice: "mouse",
  wolves: "wolf",
  knives: "knife",
};

/** One of them, as a picture shows it. */
export function oneOf(word: string): string {
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return irregular;
  if (/(?:ss|us|compass)$/.test(word)) return word;
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  if (/(?:x|ch|sh|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith("s") ? word.slice(0, -1) : word;
}
