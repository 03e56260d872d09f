"""What learners say when they want to hurt themselves or are in danger, in four languages.

Each pattern is about the one who speaks ("myself", "my life", "hits me"): an essay on Durkheim, a process that is to be
killed and a homework that is killing somebody are not. They are matched with `danger.plain` text: lower case, without
accents and apostrophes. When in doubt they speak up: a message with help lines that nobody needed does little harm.
"""

from collections.abc import Mapping

from app.vocabulary import Danger

_LAUGHING = (
    r"(?! (?:(?:out )?(?:of|from|with)(?: the)? )?(?:laugh|boredom|embarras|shame|cute|curiosity|happiness|hunger))"
)
_WISH = (
    r"(?:want(?:ed)? (?:to|2)|wanna|going to|gonna|gunna|about to|plan(?:ning|ned)? (?:to|on)|feel like|ready to"
    r"|thinking (?:of|about)|thought (?:of|about)|think (?:of|about)|tempted to|urges? to|need to|might|will|should|could"
    r"|ill|id|tried to|trying to|decided to|considering|cant stop|keep|kept|started|been|thoughts? (?:of|about)|way to|ways to"
    r"|how to|how do i|how can i|want it to)"
)
_SELF = r"(?:my ?self|mysel)"
_PERSON = (
    r"(?:(?:my|our|the|a) (?:\w+ )?(?:dad|father|step ?dad|stepfather|mom|mum|mother|step ?mom|stepmother|parents?|brother"
    r"|sister|uncle|aunt|cousin|grandpa|grandfather|boyfriend|girlfriend|ex|bf|husband|wife|teacher|coach|tutor|neighbou?r"
    r"|guardian|classmates?|man|guy|family)|he|she|they|someone|somebody)"
)
_PERSONE = r"(?:mein(?:e|en)? (?:\w+ )?(?:vater|stiefvater|papa|mutter|stiefmutter|mama|eltern|bruder|onkel|tante|opa|freund|ex|mann|frau|lehrer|trainer|nachbar)|er|sie|jemand)"
_PERSONNE = r"(?:(?:mon|ma|mes) (?:\w+ )?(?:pere|beau[ -]pere|papa|mere|belle[ -]mere|maman|parents|frere|oncle|tante|cousin|copain|copine|ex|mari|prof|voisin)|il|elle|ils|on|quelquun)"
_PERSONA = r"(?:mis? (?:\w+ )?(?:padre|padrastro|papa|madre|madrastra|mama|padres|hermano|tio|tia|primo|abuelo|novio|novia|ex|marido|esposo|profesor|profe|vecino)|el|ella|alguien)"

PLAY = (
    r"\b(?:in|at|im|beim|au|aux|en|al|a) (?:\w+ )?(?:chess|schach|echecs|ajedrez|tennis|tenis|football|fussball|futbol|foot"
    r"|poker|cards|karten|cartes|cartas|checkers|dame|dames|monopoly|mario kart|fortnite|minecraft|fifa|video ?games?|scrabble"
    r"|ping pong|tischtennis|uno|wettlauf|course a pied|carreras)\b"
)
"""Where somebody is beaten at play, nobody is in danger."""

STEMS: Mapping[str, str] = {
    "en": "self,mysel,my life,own life,die,dead,to live,live like,living,live any,go on,alive,exist,suicid,without me,if i ,wake,"
    "forever,pills,tablets,meds,kms,end it,ending it,overdose,wrist,veins,thigh,my arm,never been born,never born,wasnt born,"
    "jump,be here,not here,worth,danger,safe,hit,beat,hurt,punch,chok,kick,slap,abus,rape,raping,molest,threat,strang,stalk,"
    "assault,groom,blackmail,kidnap,traffick,touch,following,watching,lock,let me,trying to kill,tried to kill,tries to kill,"
    " gun,knife,weapon,scared,afraid,terrified,frightened,into my,into our,naked,nude,stab,shoot,rape,attack me,find me,disappear,vanish,rather,overdos,oded,odd,od ed,took,swallow,suicid,dying,death,miss me,if i,rope,noose,razor,blade,"
    "everything,point,sense,reason,kill me,forc,making me,makes me,made me,pressur,grop,fondle,my mom,my mum,my mother,my sister,my brother,my dad,"
    "our ,feed,giv,at me,my skin,my leg,my wrist,my thigh,d1e,d!e,room,bed",
    "de": "sterben,tot,toet,bring,umzub,hang,haeng,erschiess,leb,da sein,existier,aufwach,verletz,ritz,schneid,antun,anzutun,"
    "pulsader,selbstmord,suizid,nie geboren,ohne mich,besser,keinen sinn,keinen grund,springen,werfen,sturz,stuerz,schlag,"
    "schlaeg,schlug,prug,prueg,bedroh,droht,missbrauch,vergewalt,wurg,wuerg,misshand,stalk,erpress,tritt,fass,gefahr,sicher,"
    "angst,folgt,messer,waffe,pistole,mir weh,mir was,mir etwas,brucke,bruecke,hochhaus,balkon,bahn,zug,dach,fenster,lkw,tablette,pillen,mittel,"
    "medikament,vermiss,merken,wenn ich,weiterleb,schnitt,am leben,worden,werd,wurde,mein bett,mein zimmer,ins bett,ins zimmer,zwing,zwang,"
    "zwung,grapsch,tatsch,essen,sperr",
    "fr": "mour,mort,crever,envie de,envie d,suicid,ma vie,mes jours,finir,vivre,exister,reveiller,vie ,sans moi,"
    "jamais etre ne,plus etre la,pont,toit,fenetre,train,me tuer,me tue,pendre,noyer,du mal,de mal,mutil,scarif,veines,me coupe,"
    "idees,frapp,bat,tape,taper,viol,menac,touch,agress,etrangl,maltrait,suit,harcel,cogn,abus,danger,securite,peur,poursuit,"
    "couteau,arme,pistolet,flingue,me brule,lacere,taillad,griffe,coupe,medicament,cachet,comprime,pilule,somnif,disparaitre,"
    "marre,fatigue,las,degoute,plus etre,mieux mort,personne,manquer,reveiller,tripot,caress,pelot,ma chambre,mon lit,oblig,forc,"
    "gifl,enferm,manger",
    "es": "mori,muer,mata,suicid,vivir,viviendo,con vida,mi vida,la vida,hacerme,lastim,cort,herirme,colga,ahorc,lesion,existir,"
    "despert,acabar con,sin mi,ojala,puente,ventana,azotea,edificio,al tren,la vida,para vivir,vida no,hago dano,hacer dano,pega,"
    "pego,golpe,toca,viol,abus,amenaz,maltrat,acosa,sigue,siguiendo,estrangul,chantaj,peligro,segur,a salvo,miedo,cuchillo,"
    "pistola,arma,pensando en,pienso,me queme,pastilla,pildora,medic,somnif,frasco,estar viv,seguir viv,hart,cansad,desaparec,nadie,mejor,"
    "mato,manose,fui,he sido,siendo,soy,oblig,forzo,fuerza,mi cuarto,mi habitacion,mi cama,comer,comida,encierr,encerr",
}
"""Letters of which a sentence of a language has some where one of its patterns matches: looked for first, because that
is much faster. Each pattern needs one here; the tests would miss it."""

PATTERNS: Mapping[str, Mapping[Danger, tuple[str, ...]]] = {
    "en": {
        Danger.SELF_HARM: (
            rf"kill {_SELF}{_LAUGHING}",
            rf"{_WISH} killing {_SELF}{_LAUGHING}(?! (?:over|with|at|for|trying|studying|working))",
            rf"\b(?:unalive|k!ll|off|end) {_SELF}",
            rf"(?:hang|drown|stab|poison|starve) {_SELF}|hanging {_SELF}|shoot {_SELF}(?! in the foot)|overdose (?:on|tonight|again)",
            rf"{_WISH} (?:\w+ )?(?:hurt|harm|cut|burn|injur)(?:e|ing|ting)? {_SELF}\b(?! some slack| off| short)",
            rf"\b(?:im|i am|i have been|ive been|i was) (?:\w+ )?(?:hurting|harming|cutting|burning) {_SELF}",
            rf"\bi (?:\w+ )?(?:cut|hurt|harm|burn) {_SELF} (?:again|every|when|whenever|because i|to feel|on purpose|so that|at night|last night|sometimes)",
            r"(?:cut|cutting|slit|slitting|slash) my (?:wrists?|arms?|veins|thighs)",
            r"\bi (?:\w+ )?self ?-?harm|self ?-?harming|(?:urge|urges|want|relapsed?)(?: \w+){0,3} self ?-?harm",
            r"(?:end|take|ending|taking) my (?:own )?life|ending it all\b|(?:to|and|gonna|wanna) (?:just )?end it all\b|\b(?:want|going|wanna|gonna|ready)(?: to)? end it(?: now| tonight| today| forever| for good|$)",
            rf"\bi (?:\w+ ){{0,3}}(?:wan(?:t|ted)|need|wish|would like)(?: to|2| 2) (?:just )?(?:d[i1!]e|be dead)\b{_LAUGHING}",
            rf"\b(?:i )?(?:just )?wanna (?:just )?(?:die|be dead)\b{_LAUGHING}|\bid like to be dead\b",
            r"wish i (?:was|were) (?:dead|never born|not alive|not here any ?more)|wish i (?:had|d) never been born|wish i wasnt (?:alive|born)",
            r"\b(?:dont|do not|didnt|cant|cannot|no longer) (?:(?:want|wish|like)(?: to)? |wanna )(?:live|exist)(?: like this)? ?(?:any ?more|any longer|$)",
            r"\b(?:cant|cannot|can not|dont want to|do not want to|no longer want to|wanna not) (?:go on|keep|continue) (?:living|existing|with (?:my|this) life)",
            r"\b(?:dont|do not|no longer) (?:want to|wanna) (?:be alive|be here any ?more|exist|wake up (?:tomorrow|any ?more|again|ever|$))",
            r"(?:nothing|no reason|any reason|any point|no point|not worth|isnt worth|no will)(?: \w+){0,2} (?:to live|living|live for)\b",
            r"better off (?:dead|without me|if i (?:was|were) (?:dead|gone))|better (?:place )?without me\b|\bif i (?:just )?(?:died|was dead|were dead|disappeared)\b",
            r"(?:tired|sick) of (?:living|being alive|life\b|existing)|hate being alive",
            r"\b(?:im|i am|i feel|i felt|feeling|ive been|i have been|i get|i was) (?:\w+ ){0,3}suicidal",
            r"\bi(?:m|ve| have| am| keep| had| think| was| been)? (?:\w+ ){0,3}(?:suicidal thoughts|thoughts of suicide|(?:thinking|think|thought|consider|considering|considered|contemplat\w+|attempt\w*|tried|planning)(?: (?:about|of|to|on))?(?: (?:commit|committing))? suicide)",
            rf"\bi (?:\w+ ){{0,3}}{_WISH} commit(?:ting)? suicide",
            r"never wake up again|sleep and (?:never|not) wake|not wake up tomorrow|disappear forever|goodbye forever|my suicide note",
            rf"\b(?:i|im|ill|{_WISH}) (?:\w+ ){{0,3}}(?:jump(?:ing)? (?:off|from|in front of) (?:a|the|my|this) (?:\w+ )?(?:bridge|roof|building|window|balcony|train|car|cliff|bus))",
            r"(?:take|took|taking|swallow\w*) (?:all (?:of )?)?(?:my|these|the|a bottle of|a whole bottle of) (?:\w+ )?(?:pills|tablets|sleeping pills|meds)\b(?= (?:to|and|so|until|at once|tonight)|$)|(?:take|took|taking) (?:\w+ )?pills to (?:die|end|kill|sleep forever)",
            r"\bi(?:m going to| will| wanna| want to|ll|m gonna|m about to) kms\b|\bkms tonight",
            rf"\bi (?:(?:just|have|had|only|even|sometimes|still|always|usually|again) )?(?:cut|hurt|harm|harmed|burn|burned|burnt|starve|starved) {_SELF}\b(?! (?:an?|some|off|out|short|shaving|cooking|playing|falling|when i (?:fell|tripped)|accidentally|by accident|(?:at|in|during) (?:\w+ )?(?:football|soccer|basketball|gym|practice|training|class|sports?|pe)|on (?:a|the|my|some)|in the foot)\b)",
            r"\bi(?:ve| have)? (?:\w+ ){0,3}(?:cut|cutting|burn|burned|burning|carv\w+|scratch\w*) (?:into )?my (?:own )?(?:skin|arms?|legs?|wrists?|thighs?)(?: \w+){0,2} (?:on purpose|again|to feel|because|every|when|with (?:a|my|the) (?:razor|blade|knife|lighter))",
            r"(?:^|\b(?:gonna|wanna|want to|to|ill|will|should|might|just|lol|omg|ugh|literally|imma) )kms(?: (?:now|tonight|today|lol|fr|rn|if|soon|ngl)|$)",
            r"\bi(?:ve| have)? (?:\w+ )?(?:overdosed|od ?ed|odd)\b(?! on (?:coffee|caffeine|sugar|chocolate|candy|math|maths|homework|memes|tiktok|netflix|anime|games))|\b(?:took|swallowed)(?: \w+)? (?:too many|all|a lot of|lots of|a handful of)(?: \w+){0,3} (?:pills|tablets|painkillers|meds)(?! (?:in|are|per|for) )",
            r"\bi(?:d| would|ll| will)? (?:\w+ )?rather (?:just )?(?:be dead|die|not (?:exist|live|be alive|be here|wake up))\b(?! than (?:do|study|read|write|learn|go|solve|eat|sit|take|watch|see)\b)|\bi (?:should|ought to|deserve to|need to|have to) (?:just )?(?:die|be dead)\b(?! (?:in|at|when|if) (?:the|this|a|my) (?:game|level|round|play|scene))",
            r"\b(?:want|wanna|wish|like|decided|going|ready)(?: to| i could)? (?:just )?(?:stop (?:living|existing|breathing|being alive)|cease to exist|end everything|not be (?:alive|here any ?more))\b",
            r"\bi (?:\w+ )?(?:want|wanna|wish i could|need|would like)(?: to)? (?:just )?(?:disappear|vanish)(?: forever| for good| from (?:this|the) (?:world|earth)|$)|\bi want to kill me\b",
            r"\bmy (?:own )?suicide\b(?! (?:essay|presentation|paper|project|squad))|suicide is (?:\w+ )?(?:only|best|easiest) (?:way|option|solution|choice|answer)|suicide (?:note|letter) (?:to|for) my",
            r"\bi(?:m| am|ve been| have been)? (?:\w+ ){0,3}(?:think|thinking|thought|dream|dreaming|fantasi[sz]\w+) (?:\w+ )?(?:about|of) (?:dying|death|being dead|not existing|not being alive|ending (?:it|things|everything))(?: (?:every|all the time|a lot|constantly|again|at night|often|daily|tonight|lately)|$)",
            r"\b(?:no ?one|nobody) (?:would|will|d|ll) (?:\w+ )?(?:miss me\b|(?:care|notice|cry|mind|be sad|know) if i (?:\w+ ){0,2}(?:die|died|dead|gone|disappear\w*|killed))|(?:happier|better|easier|relieved|glad) if i (?:\w+ ){0,2}(?:die|died|dead|gone|disappear\w*|(?:never|didnt|dont) (?:exist\w*|w[oa]ke up))\b",
            rf"\b(?:gun|knife|blade|razor|rope|noose|pills)\b(?: \w+){{0,8}} (?:(?:on|at|against|hang|kill|hurt|cut|shoot|stab) {_SELF}|end (?:it all|my life)|around my neck)",
            r"\b(?:see|no|any|whats) (?:the |any )?(?:point|sense|reason) (?:in|of|to) (?:living|being alive|staying alive|my life|live any|stay alive)|reason (?:for me )?to (?:be|stay) alive\b",
        ),
        Danger.DANGER: (
            rf"\b{_PERSON} (?:\w+ ){{0,2}}(?:hits?|hitting|beats?|beating|hurts?|hurting|punche[sd]|punching|chok(?:es|ed|ing)|kick(?:s|ed|ing)|slap(?:s|ped|ping)|abus(?:es|ed|ing)|rap(?:es|ed|ing)|molest\w*|threaten\w*|strangl\w+|stalk\w*|assault\w*|groom(?:s|ed|ing)|blackmail\w*) me\b(?! (?:up (?:for|on|with|about|when|if|later)|at|in|to|on (?:the|a|this) (?:test|quiz|exam|game|race)|by|with (?:hard|many|so|a question|questions|homework)))",
            rf"\b{_PERSON} (?:\w+ ){{0,2}}(?:beat|beats|beating) me up|beats? me (?:every|when|with|again|at home|if)",
            r"\bi(?:m| am| was| got| have been|ve been| get| keep getting)(?: \w+){0,2} (?:abused|raped|molested|sexually assaulted|assaulted|beaten|stalked|kidnapped|groomed|trafficked|blackmailed|threatened)\b(?! (?:at|in|by) (?:chess|a game|tennis|football|the race))",
            r"\b(?:touch(?:es|ed|ing)?) me (?:there|where|inappropriately|at night|in (?:a )?ways?|sexually|again|under|when (?:im|i am|we are|nobody|no one)|and i (?:dont|didnt|hate))|(?:keeps|wont stop|doesnt stop) touching me|touch(?:es|ed)? my private",
            r"\b(?:i am|im|i think im|i might be|we are|were) in (?:serious |real |great |immediate )?danger\b(?! of (?:fail|flunk|los|forget|miss|not|get|drop|being late))",
            r"\b(?:im|i am|i dont feel|i do not feel|not feeling) (?:not )?safe (?:at home|here|with (?:him|her|them|my)|in my|around|right now)|\b(?:im|i am) not safe\b|\bi (?:dont|do not) feel safe\b",
            r"(?:afraid|scared|terrified|frightened) (?:to (?:go|be|come) (?:back )?home|of (?:my (?:step ?)?(?:dad|father|mom|mum|mother|uncle|brother|boyfriend|husband)) (?:hurting|hitting|beating|when|because he|because she|because they))",
            r"(?:scared|afraid|terrified) (?:that )?(?:he|she|they|my \w+) (?:will|is going to|are going to|might|ll|could) (?:hurt|hit|beat|rape|touch|attack|find) me",
            r"threat\w* to (?:kill|hurt|beat|rape|shoot|stab|hit) me|(?:trying|tried|tries) to (?:kill|rape|strangle|choke|stab|shoot) me",
            r"\b(?:someone|somebody|a man|a stranger|a guy|he) (?:is|has been|was|keeps|s) (?:following|stalking|watching) me (?:home|from|after|every|everywhere|since|right now|outside|in)|(?:breaking|broke|break) into (?:my|our) (?:house|home|flat|room)(?: right now| and|$)",
            r"\b(?:he|she|they|someone|my \w+) (?:has|have|got|is holding|pulled) a (?:gun|knife|weapon)\b|(?:shooter|gunman|man with a (?:gun|knife)) (?:in|at|outside) (?:my|our|the) (?:school|house|home|class|building|door)",
            r"(?:locks?|locked|lock|locking) me (?:in|up|inside)\b(?! (?:the )?(?:account|app|out))|(?:wont|doesnt|dont|does not|will not) let me (?:eat|leave the house|leave my room|go outside|sleep)",
            r"(?:send|sent|sending|wants|asks|asking|asked)(?: \w+){0,5} (?:nudes?|naked (?:pics?|pictures?|photos?))(?: \w+){0,3} (?:of me|me|him|her|them|my)|wants me to send (?:nudes?|naked|pics? without)",
            rf"\b{_PERSON} (?:\w+ )?(?:says?|said|swears?|swore|promised|told me|keeps saying|tells me)(?: \w+){{0,3}} (?:will|would|ll|d|going to|gonna|wants to) (?:kill|stab|shoot|strangle|rape|beat|hurt|hit) me\b|\b{_PERSON} (?:will|is going to|s going to|is gonna|wants to) (?:kill|stab|shoot|rape|strangle) me (?:with|tonight|for real|one day|and|or)\b",
            rf"\b{_PERSON} (?:\w+ ){{0,2}}(?:forces?|forced|forcing|makes?|made|making|pressures?|pressured|pressuring) me (?:to |into )?(?:\w+ )?(?:have sex|having sex|sex|undress\w*|strip\w*|touch (?:him|her|them|his|her)|get naked|be naked|sleep with (?:him|her|them|other|men)|(?:take|taking) (?:off )?(?:my|all my) clothes|watch porn|kiss (?:him|her))|forc(?:ed|es|ing) (?:himself|herself|themselves) on(?:to)? me",
            r"\b(?:(?:my|our|the) )?(?:(?:step ?)?(?:dad|father|brother)|uncle|grandpa|grandfather|cousin|teacher|coach|tutor|neighbou?r|boss|priest|babysitter|moms boyfriend|mums boyfriend) (?:\w+ )?(?:touch(?:es|ed)|is touching|was touching|keeps touching|grop(?:es|ed)|fondle[sd]) me\b(?! (?:deeply|emotionally|by|on the (?:shoulder|back) (?:and|to)|with (?:his|her) (?:words|story|speech)))|\b(?:he|she|they) (?:touched|groped|fondled) me$",
            r"\b(?:he|she|they|my (?:step ?)?(?:dad|father|mom|mum|mother|brother)|(?:dad|mom|mum)s boyfriend)(?: is| was| has been|s| keeps)?(?: \w+){0,3} (?:hits?|hitting|beats?|beating|chok\w+|strangl\w+|punch\w+|kick\w+|hurting|threaten\w*) (?:my|our) (?:\w+ )?(?:mom|mum|mother|dad|father|sister|brother|siblings|grandma|grandmother)\b(?! (?:at|in|to|by) )",
            r"\b(?:parents|mom|mum|mother|dad|father|he|she|they|family) (?:\w+ )?(?:dont|doesnt|do not|does not|never|wont|refuses? to|stopped) (?:give|giving|feed|feeding)(?: \w+)? ?(?:me|us)(?: (?:any|enough))? ?(?:food|anything to eat|dinner|meals|$)|\b(?:threw|throws|throwing) (?:a|the|his|her) (?:\w+ )?(?:plate|bottle|chair|knife|glass|cup) at me\b",
            rf"\b{_PERSON} (?:\w+ )?(?:comes?|came|sneaks?|gets?|climbs?) (?:in|into|in to) (?:my|our) (?:room|bed|bedroom) (?:at night|every night|when|while|and touch\w*|naked)",
        ),
    },
    "de": {
        Danger.SELF_HARM: (
            r"\b(?:will|mochte|moechte|wollte|wurde|wuerde|konnte|werde|muss)(?: \w+){0,4} (?:sterben|tot sein)\b(?! (?:vor|an) )",
            r"\bmich (?:\w+ ){0,3}(?:umbringen|umzubringen|toten|toeten|erhangen|erhaengen|aufhangen|erschiessen)\b",
            r"\bbring(?:e)? ich mich um\b|\bich bring(?:e)? mich(?: \w+){0,2} um\b",
            r"mir (?:\w+ )?das leben (?:zu )?nehmen|nehme? mir das leben|mein(?:em)? leben (?:\w+ )?(?:ein ende|beenden|zu beenden)|mit (?:meinem|dem) leben schluss",
            r"\b(?:will|mochte|moechte|kann|wollte|mag)(?: \w+){0,3} nicht (?:mehr|langer|laenger) (?:\w+ )?(?:leben|weiterleben|da sein|existieren|aufwachen)",
            r"\bmich (?:\w+ ){0,2}(?:selbst |selber )?(?:verletzen|zu verletzen|ritzen|zu ritzen|schneiden)\b|\b(?:ich )?(?:ritze|verletze|schneide) (?:ich )?mich (?:selbst|selber|wieder|seit|jeden|oft|absichtlich|um|wenn)|\bich ritze mich",
            r"mir (?:\w+ )?(?:etwas|was|selbst was) (?:an(?:zu)?tun|anzutun|antue)|mir die pulsadern",
            r"\b(?:selbstmord|suizid)gedanken|\bich bin (?:\w+ )?(?:suizidal|selbstmordgefahrdet|selbstmordgefaehrdet|lebensmude|lebensmuede)",
            r"\bich (?:\w+ ){0,5}(?:selbstmord|suizid) (?:zu )?(?:begehen|machen|nachdenke|nach)|denke (?:\w+ ){0,3}(?:an|uber|ueber) (?:selbstmord|suizid)",
            r"(?:ohne mich|wenn ich (?:tot|weg) (?:ware|waere|bin))(?: \w+){0,3}(?: (?:besser|alle))|besser dran ohne mich|besser ohne mich",
            r"wunschte ich (?:ware|waere) (?:tot|nie geboren)|wuenschte ich waere (?:tot|nie geboren)|wollte ich ware tot",
            r"(?:keinen sinn|keinen grund) (?:mehr )?(?:zu leben|im leben|weiterzuleben)|leben hat keinen sinn|nicht mehr lebenswert",
            r"(?:von der brucke|von der bruecke|vom dach|vor (?:den|einen) zug|aus dem fenster) (?:zu )?(?:springen|werfen|sturzen|stuerzen)\b",
            r"\bich (?:hab|habe|hatte) (?:\w+ ){0,3}(?:mich|mir)(?! (?:\w+ ){0,3}(?:beim|im sport|aus versehen|versehentlich)) (?:\w+ ){0,4}(?:geritzt|geschnitten|selbst verletzt|absichtlich verletzt|absichtlich verbrannt|die pulsadern)\b(?! (?:beim|als) )|(?:in|an) (?:den|die|meine|meinen) (?:arme?|beine?|unterarm|handgelenke?|haut) (?:zu )?(?:geschnitten|geritzt|schneiden|ritzen)",
            r"\bich (?:tu|tue) mir (?:\w+ ){0,3}(?:weh|etwas an|was an)\b|\bich (?:verletze|ritze|verbrenne) mich (?:selbst|selber|seit|jeden|oft|absichtlich|wieder|manchmal|abends|nachts)|\bich ritze\b",
            r"\b(?:ware|waere)(?: \w+){0,3} (?:lieber|besser) (?:\w+ )?(?:tot|nicht mehr (?:da|am leben))\b|\b(?:lieber|am liebsten|besser)(?: \w+){0,3} tot\b(?! als )",
            r"\b(?:ich (?:\w+ )?)?(?:springe?|stu?e?rze|werfe?|schmeisse?)(?: ich)?(?: mich)?(?: \w+){0,2} (?:von|vom|vor|aus|unter)(?: (?:der|den|dem|die|einer|einen|einem|ne))? (?:brucke|bruecke|dach|hochhaus|balkon|zug|bahn|s bahn|u bahn|lkw|fenster)\b|\b(?:vor|unter) (?:den|die|einen|eine) (?:zug|bahn|s bahn|u bahn|lkw) (?:zu )?(?:springen|werfen|schmeissen|legen)",
            r"\b(?:alle|viele|ganze|ganzen|zu viele|packung|handvoll|menge)(?: \w+){0,2} (?:\w*tabletten|pillen|\w*mittel) (?:\w+ )?(?:genommen|geschluckt|schlucken)\b|\b(?:tabletten|pillen|medikamente) (?:\w+ ){0,2}(?:genommen|geschluckt|nehmen|schlucken)(?: \w+){0,3} (?:sterben|tot|umzubringen|umbringen|nie wieder|nicht mehr auf\w+)",
            r"\b(?:niemand|keiner|keinen|niemanden)(?: \w+){0,4} (?:vermissen|interessieren|merken|storen|stoeren|weinen)(?: \w+)? wenn ich (?:\w+ ){0,2}(?:sterbe|sterben|tot|weg|stirbe|nicht mehr)|\bmich (?:wurde|wuerde|wird)(?: \w+)? (?:niemand|keiner) vermissen|(?:niemand|keiner) (?:wurde|wuerde|wird) mich (?:\w+ )?vermissen",
            r"\bmich (?:\w+ ){0,3}um (?:zu )?bringen\b|\b(?:will|mag|kann|mochte|moechte)(?: \w+){0,3} nicht (?:mehr )?(?:\w+ )?(?:weiterleben|aufwachen|existieren|am leben sein)\b|\bleben (?:\w+ )?nicht (?:mehr|langer|laenger) (?:aus|ertragen|aushalten)|\b(?:satt|mude|muede) zu leben|des lebens mude|keine lust mehr (?:zu|auf das|aufs) leben",
        ),
        Danger.DANGER: (
            rf"\b{_PERSONE} (?:\w+ ){{0,2}}(?:schlagt|schlaegt|schlug|schlagen|verprugelt|verpruegelt|prugelt|bedroht|bedrohen|missbraucht|vergewaltigt|wurgt|wuergt|misshandelt|stalkt|erpresst|tritt)(?: (?:mich|uns))\b(?! (?:im|in|beim) )",
            r"\b(?:hat|haben) (?:\w+ ){0,2}mich (?:\w+ ){0,3}(?:geschlagen|verprugelt|verpruegelt|vergewaltigt|missbraucht|angefasst|gewurgt|gewuergt|bedroht|misshandelt)\b(?! (?:im|in|beim) )",
            r"\bich (?:werde|wurde|bin)(?: \w+){0,4} (?:geschlagen|missbraucht|vergewaltigt|bedroht|misshandelt|verprugelt|verpruegelt|gestalkt|erpresst|angefasst)\b",
            rf"\b{_PERSONE} (?:\w+ ){{0,2}}(?:fasst|fassen) mich (?:\w+ ){{0,3}}an\b",
            r"\bich bin (?:\w+ )?in (?:grosser |grosse |ernster )?gefahr\b|\bich (?:fuhle|fuehle) mich (?:\w+ ){0,3}nicht (?:mehr )?sicher (?:zu ?hause|bei)|\b(?:fuhle|fuehle) mich zu ?hause nicht (?:mehr )?sicher",
            r"angst (?:davor )?(?:nach hause|heim|heimzugehen|heimzukommen|vor meine[mnr] (?:stiefvater|vater|mutter|onkel|bruder|freund|mann))",
            r"(?:jemand|ein mann|er) (?:verfolgt|folgt) (?:mich|mir)\b|\b(?:er|sie|jemand) hat (?:ein messer|eine waffe|eine pistole)",
            r"droht (?:\w+ )?mich (?:umzubringen|zu schlagen|zu toten|zu toeten)",
            r"\b(?:werde|wurde|werd|worden)(?: \w+){0,5} (?:verfolgt|erpresst|gestalkt|gewurgt|gewuergt|geschlagen|verprugelt|verpruegelt|missbraucht|begrapscht|eingesperrt)\b(?! (?:im|in|beim) (?:schach|spiel|tennis|fussball))",
            r"\b(?:vater|stiefvater|papa|onkel|opa|bruder|cousin|freund|nachbar|er|trainer|lehrer)(?: \w+)? (?:kommt|kam|schleicht|geht|legt sich)(?: \w+){0,3} (?:in mein (?:bett|zimmer)|zu mir ins (?:bett|zimmer))",
            r"\b(?:droht|drohen|sagt|sagte|schreibt|gesagt|gedroht)(?: \w+){0,5} (?:mich um\b|bringt mich um|mich umbring\w+|mich umzubringen|mich abzustechen|mich zu toten)",
            r"\b(?:zwingt|zwingen|zwang|gezwungen)(?: \w+){0,3} (?:auszuziehen|ausziehen|zum sex|zu sex|anzufassen|anfassen|mit ihm zu schlafen|zu kussen|nackt\w*)|\bmich (?:\w+ ){0,3}(?:begrapscht|betatscht)\b|\b(?:begrapscht|betatscht) mich\b",
            r"\b(?:schlagt|schlaegt|verprugelt|verpruegelt|wurgt|wuergt|bedroht) (?:\w+ )?(?:meine|meinen|unsere) (?:\w+ )?(?:mutter|mama|schwester|bruder|geschwister|vater)\b(?! (?:im|in|beim|beim) )|\b(?:geben|gibt|bekomme|kriege)(?: \w+){0,2} (?:nichts|kein|tagelang nichts) (?:zu )?essen (?:zu ?hause|von|mehr|$)|\bsperr(?:t|en) mich (?:\w+ ){0,2}(?:ein|in (?:den|die|mein))",
        ),
    },
    "fr": {
        Danger.SELF_HARM: (
            r"\b(?:je |j)(?:ne )?(?:\w+ ){0,3}(?:veux|voudrais|voulais|vais|souhaite|pense a|pourrais|prefere|aimerais)(?: \w+){0,3} (?:mourir|etre mort|etre morte|crever)\b(?! de (?:rire|faim|honte|soif|chaud|froid|fatigue))",
            r"\b(?:jai|javais|aie?) (?:\w+ ){0,3}envie (?:de |d)(?:mourir|crever|en finir|me (?:tuer|suicider|faire (?:du )?mal|couper|pendre)|disparaitre)\b(?! de )",
            r"\b(?:de |vais |veux |voudrais |pense a |a |vouloir |pour )me (?:tuer|suicider|pendre|noyer|faire du mal|mutiler|scarifier|ouvrir les veines|tailler les veines)\b(?! (?:au travail|a la tache|de rire))",
            r"\b(?:je |j)me (?:scarifie|mutile|fais du mal)\b",
            r"mettre fin a (?:mes jours|ma vie|tout ca)|\bveux (?:\w+ )?en finir(?! avec (?:ce|cet|cette|mes|les|le|la) )|finir avec la vie|(?:ote|oter|enlever) la vie",
            r"\b(?:veux|peux|envie de|supporte) (?:plus )(?:de )?(?:vivre|exister|me reveiller|continuer a vivre)|\bplus (?:aucune )?(?:envie|raison) de vivre|\bne veux (?:plus|pas) (?:vivre|exister)(?: comme|$)",
            r"\b(?:pensees|idees) (?:\w+ )?(?:suicidaires|noires de mort)|\bje suis (?:\w+ )?suicidaire|\bje pense (?:\w+ ){0,2}(?:au|a mon) suicide",
            r"mieux (?:\w+ )?sans moi\b|(?:voudrais|aimerais|prefererais) (?:\w+ )?(?:ne jamais etre ne|etre mort|ne plus etre la|ne plus me reveiller)",
            r"vie (?:ne |na )?(?:\w+ )?(?:plus (?:de|aucun) sens|vaut (?:plus|pas) la peine)",
            r"(?:sauter|jeter) (?:\w+ ){0,3}(?:dun pont|du pont|du toit|par la fenetre|sous un train)",
            r"\b(?:je |j)me (?:coupe|brule|lacere|taillade|griffe)(?: (?:les|le|la) (?:veines|bras|poignets?|cuisses|jambes|peau)| (?:pour|quand|expres|le soir|souvent|encore|depuis|regulierement|tous|volontairement)|$)",
            r"\b(?:je |j)me suis (?:\w+ ){0,2}(?:coupee?|scarifiee?|mutilee?|brulee?|ouvert|tailladee?)(?: (?:les|le|la) (?:veines|bras|poignets?|cuisses|jambes|peau)| (?:hier|encore|expres|pour|cette nuit|volontairement)|$)",
            r"\b(?:jai|je viens|je vais|jvais)(?: \w+){0,2} (?:avale|pris|prendre|avaler|gobe)(?: \w+){0,3} (?:cachets|medicaments|comprimes|pilules|somniferes)(?: \w+){0,3} (?:pour (?:mourir|en finir|me tuer|ne plus)|mourir)|\b(?:avale|pris|gobe) (?:tous|toute|toutes|trop|plein|une boite|la boite)(?: \w+){0,3} (?:cachets|medicaments|comprimes|pilules|somniferes)\b(?! (?:du|de) (?:jour|matin))",
            r"\b(?:jai|javais|avoir)(?: \w+){0,2} (?:des|les|mes) idees (?:noires|morbides|suicidaires)|\bveux (?:juste |simplement |seulement )?disparaitre(?: pour toujours| a jamais| de (?:cette|ce)|$)",
            r"\b(?:marre|fatiguee?|lasse?|degoutee?) (?:de (?:la )?vi(?:vre|e)\b|dexister)|\b(?:veux|supporte|peux) plus (?:etre (?:la|ici|en vie|vivante?)|vivre|la vie|de la vie)|\bmieux morte?\b",
            r"\bpersonne (?:ne )?(?:\w+ ){0,3}(?:si je (?:meurs|mourais|mourrais|disparai\w*|creve|crevais|netais plus)|me regrett\w+)|\bje (?:ne )?manquerai\w* a personne|\b(?:je )?vais en finir(?: ce soir| maintenant| aujourdhui| pour| une|$)|\b(?:plus jamais|ne jamais|ne plus|jamais) me reveiller",
        ),
        Danger.DANGER: (
            rf"\b{_PERSONNE} (?:ne )?(?:me|ma|mont|m a|m ont) (?:\w+ )?(?:frappee?|frappent|bat|battue?s?|battent|tape|tapent|viole|violent|violee?|menace|menacent|touche (?:la|le|les|quand|partout|encore|et)|agresse|agressent|etrangle|maltraite|maltraitent|suit dans (?:la rue|le bus|le metro)|harcele sexuel\w+|cognee?|giflee?|gifle|enfermee?)\b(?! (?:au|aux|dans) (?:echecs|jeu|\w+ jeu))",
            r"\bje me (?:fais|suis fait|suis faite|faisais) (?:\w+ )?(?:frapper|battre|violer|abuser|agresser|menacer|taper dessus|toucher)",
            r"\bje suis (?:\w+ )?(?:en (?:grave |grand )?danger|battue?|violee?|maltraitee?|menacee? de)\b|\bjai ete (?:\w+ )?(?:violee?|abusee?|agressee?|battue?|frappee?)",
            r"\bje ne me sens (?:pas|plus) en securite|\bpas en securite (?:chez|a la maison)",
            r"peur (?:de rentrer (?:chez|a la)|de mon (?:beau[ -]pere|pere|oncle|mari|copain)|quil me (?:frappe|tue|viole|tape|batte))",
            r"(?:quelquun|un homme|un inconnu|il) me (?:suit|poursuit)\b|\bil a (?:un couteau|une arme|un pistolet|un flingue)",
            r"\b(?:mon|ma|le) (?:\w+ )?(?:pere|beau[ -]pere|papa|frere|oncle|cousin|grand[ -]pere|prof|professeur|voisin|coach|entraineur|copain) (?:\w+ )?(?:me|ma) (?:\w+ )?(?:touche|touchee|tripote|tripotee|caresse|caressee|pelote)\b(?! (?:beaucoup|profondement|par|avec ses mots))",
            r"\bon me (?:suit|poursuit|menace|harcele)\b(?! (?:dans|sur) (?:le raisonnement|insta|instagram|tiktok|twitter|youtube))|\b(?:vient|venait|entre|rentre)(?: \w+)? dans (?:ma chambre|mon lit) (?:la nuit|le soir|chaque|quand|pendant|pour)",
            r"\b(?:moblige|mobligent|ma oblige|ma obligee|mont obligee?|me force|me forcent|ma force|ma forcee|mont forcee?) a (?:\w+ )?(?:toucher|coucher|deshabiller|avoir des (?:rapports|relations)|faire (?:lamour|des choses|du sexe)|embrasser|envoyer des (?:nudes|photos))",
            r"\b(?:dit|jure|menace|menacee?)(?: \w+){0,4} (?:va|allait|veut|voulait|de) me (?:tuer|frapper|violer|buter|poignarder|etrangler)|\b(?:frappe|bat|tape|etrangle|cogne) (?:ma (?:mere|maman|soeur)|mon (?:frere|petit frere)|mes (?:freres|soeurs))\b(?! (?:au|aux|a) )|\b(?:ne )?me (?:donnent?|laissent?) (?:pas|rien) a manger",
        ),
    },
    "es": {
        Danger.SELF_HARM: (
            r"\b(?:quiero|quisiera|queria|deseo|gustaria|prefiero|voy a|necesito|ganas de)(?: \w+){0,2} (?:morir|morirme|matarme|suicidarme|estar muert[oa]|cortarme(?! el pelo| las unas)|hacerme dano|lastimarme|herirme|ahorcarme|colgarme|autolesionarme)\b(?! de (?:la )?(?:risa|hambre|sueno|verguenza|frio|calor|aburrimiento))",
            r"\bme (?:quiero|voy a|quisiera|queria) (?:morir|matar|suicidar|hacer dano|cortar las venas|colgar|ahorcar)\b(?! de (?:risa|hambre|sueno|verguenza|frio|calor|aburrimiento)| (?:estudiando|trabajando))",
            r"\b(?:no|ya no) (?:quiero|puedo|deseo|me dan ganas de|tengo ganas de|vale la pena) (?:mas )?(?:vivir|seguir viviendo|seguir con vida|existir|despertar)(?: mas| asi|$| nunca| nada| en este mundo)|\bya no quiero (?:vivir|despertar|existir)\b",
            r"quitarme la vida|acabar con mi vida|acabar con todo\b|terminar con mi vida|poner fin a mi vida",
            r"\bme (?:corto|estoy cortando|lastimo|hago dano|autolesiono)(?: (?:los brazos|las munecas|las venas|para|cuando|a proposito|a mi mism[oa]|otra vez|por las noches)|$)",
            r"\b(?:pensamientos|ideas) (?:suicidas|de suicidio)|\bpienso (?:\w+ ){0,2}(?:en suicidarme|en el suicidio|en matarme|en morir(?:me)?)|\bpensando en (?:suicidarme|matarme|el suicidio|morir(?:me)?)|\bsoy suicida\b|\bintente (?:suicidarme|matarme)|\bsuicidarme\b",
            r"mejor (?:\w+ )?sin mi\b(?! (?:ayuda|telefono))|ojala (?:no hubiera nacido|estuviera muert[oa]|me muriera|no despertara)|no tengo (?:\w+ )?(?:razones|motivos|razon|nada) para vivir|vida no (?:vale|tiene sentido)",
            r"(?:tirarme|saltar|lanzarme) (?:\w+ ){0,2}(?:de un puente|del puente|por la ventana|de la azotea|al tren|de un edificio)",
            r"\bme (?:corte|he cortado|queme|estoy cortando)(?: \w+)? (?:los brazos|el brazo|las munecas|la muneca|las venas|las piernas|la piel|a proposito|otra vez)|\bme corto (?:con|las piernas|la piel|desde|a veces|cada)",
            r"\bme (?:tome|trague|he tomado|he tragado|acabo de tomar|voy a tomar|tomo)(?: \w+){0,2} (?:todas|muchas|un frasco|el frasco|un bote|una caja|demasiadas|un monton)(?: \w+){0,3} ?(?:pastillas|pildoras|medicinas|medicamentos|somniferos)|\bpastillas para (?:morir\w*|matarme|no despertar)",
            r"\bno (?:quiero|deseo|quisiera) (?:\w+ )?(?:estar viv[oa]|seguir viv[oa]|seguir aqui en este mundo|estar mas en este mundo)|\b(?:hart[oa]|cansad[oa]) de (?:vivir|existir|estar viv[oa]|la vida)|\bquiero (?:solo |simplement? )?desaparecer(?: para siempre| de este mundo|$)",
            r"\bnadie (?:me )?(?:\w+ ){0,4}(?:si (?:me )?(?:\w+ )?(?:muero|muriera|desaparezco|desapareciera|mato|matara|no existiera))|\bnadie me (?:extranaria|echaria de menos|va a extranar)|\bmejor(?: \w+){0,3} (?:no existiera|no existir|me muriera|muert[oa]|no haber nacido)\b|\b(?:hoy|esta noche|manana|ya) me mato\b|\bme mato (?:hoy|esta noche|ya|$)",
        ),
        Danger.DANGER: (
            rf"\b{_PERSONA} (?:\w+ )?(?:me|nos) (?:\w+ )?(?:pega|pegan|pego|golpea|golpean|golpeo|toca (?:cuando|las|mis|por|y|de)|tocan|viola|violo|abusa|amenaza|amenazan|amenazo|maltrata|maltratan|acosa|sigue a casa|ahorca|estrangula|chantajea)\b",
            r"\bme (?:pegan|golpean|violaron|violan|maltratan|amenazan(?: con)|estan (?:pegando|golpeando|siguiendo)|han (?:violado|pegado|golpeado))\b",
            r"\babus(?:a|an|o|aron|ando) (?:sexualmente )?de mi\b|\bsufro (?:abusos?|maltrato)",
            r"\bestoy en (?:grave |serio |mucho )?peligro\b(?! de (?:reprobar|suspender|perder))|\bno (?:me siento|estoy) (?:segur[oa]|a salvo)\b(?= (?:en (?:mi )?casa|aqui|con|$)|$)",
            r"miedo (?:de|a) (?:volver|ir|regresar|llegar) a (?:mi )?casa|miedo (?:de|a) (?:mi|que mi) (?:padrastro|padre|papa|tio|novio|marido|esposo)",
            r"\b(?:alguien|un hombre|un desconocido) me (?:esta )?sig(?:ue|uiendo)\b|\b(?:el|alguien|mi \w+) tiene (?:un cuchillo|una pistola|un arma)\b",
            r"\bmi (?:\w+ )?(?:padre|padrastro|papa|tio|primo|abuelo|hermano|vecino|profesor|profe|entrenador|novio) (?:\w+ )?me (?:\w+ )?(?:toca|toco|tocaba|manosea|manoseo|manoseaba)\b(?! (?:mucho el corazon|ayudar|explicar|hacer|el turno|el piano|la guitarra|una cancion))",
            r"\b(?:fui|he sido|estoy siendo|soy) (?:\w+ )?(?:violad[oa]|abusad[oa]|agredid[oa]|golpead[oa]|maltratad[oa]|amenazad[oa]|secuestrad[oa]|acosad[oa])\b",
            r"\bme (?:obliga|obligo|obligan|forzo|fuerza) a (?:\w+ )?(?:tocar\w*|tener (?:sexo|relaciones)|desnudarme|desvestirme|acostarme con|besar\w*|hacer cosas|mandar\w* fotos)|\b(?:entra|viene|se mete) (?:\w+ )?(?:en|a) mi (?:cuarto|habitacion|cama) (?:por la|en la|de|cada|todas|cuando)",
            r"\bamenaz\w+ con (?:matarme|pegarme|golpearme|violarme|hacerme dano)|\b(?:dijo|dice|juro) que me (?:va|iba) a (?:matar|pegar|golpear|violar)|\b(?:pega|golpea|maltrata|ahorca) a mi (?:mama|madre|hermana|hermano|hermanita|hermanito)\b|\bno me (?:dan|da) (?:de comer|comida)\b|\bme (?:encierra|encierran|encerro|encerraron) (?:en|con)\b|\bme (?:pego|golpeo) con (?:el|un|su) (?:cinturon|palo|cable|puno|cinto)",
        ),
    },
}
