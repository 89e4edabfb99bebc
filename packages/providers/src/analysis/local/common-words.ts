/**
 * The background against which a text's own words stand out. Graded by hand, after counting in how many of some 800
 * READMEs and distribution documents each word occurs: above about 5 % a word says little about any one of them.
 */

/** Say nothing about a subject: a phrase neither starts nor ends with one of them. */
export const EMPTY_WORDS = words(`
  able above abroad accept accord according account achieve act actual actually add addition additional address advance
  advantage advice affect afternoon age ago agree aim allow alternative amount answer appear apply approach appropriate area
  arrive ask aspect assume attempt attention author avoid aware away back bad base basic basis bear become begin beginning behavior
  behaviour belief believe benefit best better big bit bottom bring broad call capable care carry case catch cause certain
  chance change check choice choose circumstance claim clear clearly close collection come comment commit common complete
  completely complex concern conclusion condition consider consist contain content context continue contrast contribute copy correct cost count
  couple course create current currently cut daily date day deal decade decide deep default define degree depend describe description
  design desire despite detail determine develop difference different difficult direct directly discuss discussion distinct do
  doubt draw due early ease easily easy effect effective effort either element else enable end enough ensure entire
  entirely equal especially essential etc even evening event ever every everyone everything exact exactly example excellent except exist
  existing expect expected experience explain extend extra extremely fact fail fair fairly fall familiar far fast feature feel few field fill final
  finally find fine first fit five fix follow following form former forward found four free frequent frequently full fully fun further future
  gain general generally get give given go goal good great group grow guess guide half hand handle happen happy hard have hear
  heart help helpful hence here hide high highly history hold home hope hour how huge human idea identify imagine immediately impact
  implement importance important improve improvement inc include included including increase indeed individual information initial inside
  instance instead intend intent interest interesting introduce introduction involve issue item january february march april june july august
  september october november december job join just keep key kind know knowledge known lack large largely last late later
  latest lead learn least leave left length less let level life light like likely limited line list little live local long
  look lose lot love low main mainly maintain major majority make man manage manner many mark matter maximum maybe mean meaning
  means measure meet mention mere method middle mind minimal minimum minor minute miss missing mistake modern moment monday tuesday wednesday thursday friday saturday sunday month more
  morning most mostly move much multiple must name namely native natural near nearly necessary need never new next nice night
  none normal normally note nothing notice novel now number numerous obvious obviously occasion occur offer often ok old one ones
  only open opinion opportunity opposite option optional optionally order original other others otherwise output overall overview own page pair
  part particular particularly party pass past people percent perfect perform perhaps period permit person piece place plain plan
  play please plenty point poor popular position positive possibility possible possibly potential powerful practical practice precise prefer prepare
  present pretty prevent previous previously primary principle print prior private probably problem procedure produce proper properly
  propose provide public purpose put quality question quick quickly quite range rare rarely rather reach read reader reading ready
  real reality really reason reasonable receive recent recently recommend record reduce refer reference regard regardless related
  relation relative relatively relevant remain remark remember remove repeat replace report represent require required requirement respect
  respective respectively response rest result return right role room rule run safe same save say scope second section see seem
  send sense separate serious serve set seven several shape share short shortly should show side sign significant similar
  similarly simple simplicity simply since single situation six size small so solution solve some somebody someone something sometimes
  soon sort special specific specifically split stage stand standard start state statement status stay step still stop story
  straightforward strong stuff style subject successful such suggest suitable summary support suppose sure surprise take talk task tell
  ten term text thank thanks then there therefore thing think third this though thought three through thus time tip title today
  together tomorrow too top total toward traditional treat true truth try turn two type typical typically unable under understand
  unfortunately unique unit unless unlike until up upcoming update upon usage use used useful user usual usually valid value variety
  various vary version very via view visit wait walk want warning watch way week weekend welcome well whatever whether while whole why wide widely will win
  wish within without wonder word work working world worth write writing wrong year yes yesterday yet young zero anyone anything
  introduction conclusion acknowledgement acknowledgment appendix abstract copyright license licence mit apache bsd contributor contributing changelog readme faq
  installation install usage quickstart roadmap badge sponsor sponsors backer maintainer documentation docs doc getting started toc
  click subscribe channel video episode guys folks stuff bunch kinda gonna wanna yeah okay hey hi hello um uh
  consequence euro dollar pound cent million billion trillion euros dollars gig gigs
  thu tue wed fri sat sun mon jan feb mar apr jun jul aug sep sept oct nov dec credit urgency equivalent noteworthy
  compatibility definition msg argv stdin stdout stderr nbsp mailing
  medium internal external gmt utc news announcement blog newsletter tweet acknowledgements
  null undefined true false void str fn param params args arg int bool boolean env var const ctrl alt i'm
  mr mrs ms dr prof sir www http https com org net html htm png jpg svg gif md txt img foo bar baz qux lorem ipsum
  dolor sit amet todo fixme tbd eg ie vs aka`);

/** Common in technical writing: too general alone, useful inside a phrase ("error handling", "data structure"). */
export const GENERAL_WORDS = words(`
  access action activity algorithm analysis api app application architecture argument array attribute backend behaviour binary block
  board body boolean box branch browser bug build bundle business button byte callback center centre chapter character child
  class client code color colour column command communication community company component computer concept config configuration
  connection console constant constructor control convention conversion core country customer data database demo dependency
  deployment developer development device diagram dir directory discussion document domain download draft edge edit editor
  email engine entity entry env environment error evaluation exception execution export expression extension factor failure family
  file filter flag flow folder format foundation framework frontend function functionality generation global government graph
  guideline handler header hook host icon id identifier image implementation import index industry info input instruction
  integer integration interface internet json keyword label language layer layout lib library link list location log logic loop
  machine management manager map market maintenance member memory message metadata mode model module money network node
  object operation operator organization organisation origin outcome package panel parameter parent parser part patch path pattern
  performance permission phase picture pipeline platform plugin pointer policy pool port power process processing product
  production program programming progress project property protocol prototype provider query reason recipe region register
  registry release repo repository request research resource resources route runtime sample scale schedule schema science scientist screen
  script search security selection sentence sequence server service session setting setup shell signal site society software source
  space spec specification speed stack step storage strategy stream string structure student study sub subset success suite
  symbol syntax system tab table tag target team technique technology template test testing theory thread token tool
  tooling topic transaction transform tree tutorial ui url utility validation variable website window worker
  workflow workspace writer xml yaml zip analysis number point time state process value type version user size event status order
  output text record report task job item section page rule field form group feature design role scope key name unit line level
  limit learn public private open knowledge read write life plan live direct length count date history stage service result cost quality access content context`);

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/);
}
