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

STEMS: Mapping[str, str] = {
    "en": "self,mysel,my life,own life,die,dead,to live,live like,living,live any,go on,alive,exist,suicid,without me,if i ,wake,"
    "forever,pills,tablets,meds,kms,end it,ending it,overdose,wrist,veins,thigh,my arms,never been born,never born,wasnt born,"
    "jump,be here,not here,worth,danger,safe,hit,beat,hurt,punch,chok,kick,slap,abus,rape,raping,molest,threat,strang,stalk,"
    "assault,groom,blackmail,kidnap,traffick,touch,following,watching,lock,let me,trying to kill,tried to kill,tries to kill,"
    " gun,knife,weapon,scared,afraid,terrified,frightened,into my,into our,naked,nude,stab,shoot,rape,attack me,find me",
    "de": "sterben,tot,toet,bring,umzub,hang,haeng,erschiess,leb,da sein,existier,aufwach,verletz,ritz,schneid,antun,anzutun,"
    "pulsader,selbstmord,suizid,nie geboren,ohne mich,besser,keinen sinn,keinen grund,springen,werfen,sturz,stuerz,schlag,"
    "schlaeg,schlug,prug,prueg,bedroh,droht,missbrauch,vergewalt,wurg,wuerg,misshand,stalk,erpress,tritt,fass,gefahr,sicher,"
    "angst,folgt,messer,waffe,pistole",
    "fr": "mour,mort,crever,envie de,envie d,suicid,ma vie,mes jours,finir,vivre,exister,reveiller,vie ,sans moi,"
    "jamais etre ne,plus etre la,pont,toit,fenetre,train,me tuer,me tue,pendre,noyer,du mal,de mal,mutil,scarif,veines,me coupe,"
    "idees,frapp,bat,tape,taper,viol,menac,touch,agress,etrangl,maltrait,suit,harcel,cogn,abus,danger,securite,peur,poursuit,"
    "couteau,arme,pistolet,flingue",
    "es": "mori,muer,mata,suicid,vivir,viviendo,con vida,mi vida,la vida,hacerme,lastim,cort,herirme,colga,ahorc,lesion,existir,"
    "despert,acabar con,sin mi,ojala,puente,ventana,azotea,edificio,al tren,la vida,para vivir,vida no,hago dano,hacer dano,pega,"
    "pego,golpe,toca,viol,abus,amenaz,maltrat,acosa,sigue,siguiendo,estrangul,chantaj,peligro,segur,a salvo,miedo,cuchillo,"
    "pistola,arma,pensando en,pienso",
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
            r"(?:end|take|ending|taking) my (?:own )?life|ending it all\b|(?:to|and|gonna|wanna) (?:just )?end it all\b|\b(?:want|going|wanna|gonna|ready)(?: to)? end it\b",
            rf"\bi (?:\w+ ){{0,3}}(?:wan(?:t|ted)|need|wish|would like)(?: to|2| 2) (?:just )?(?:die|be dead)\b{_LAUGHING}",
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
        ),
        Danger.DANGER: (
            rf"\b{_PERSON} (?:\w+ ){{0,2}}(?:hits?|hitting|beats?|beating|hurts?|hurting|punche[sd]|punching|chok(?:es|ed|ing)|kick(?:s|ed|ing)|slap(?:s|ped|ping)|abus(?:es|ed|ing)|rap(?:es|ed|ing)|molest\w*|threaten\w*|strangl\w+|stalk\w*|assault\w*|groom(?:s|ed|ing)|blackmail\w*) me\b(?! (?:at|in|to|on (?:the|a|this) (?:test|quiz|exam|game|race)|by|with (?:hard|many|so|a question|questions|homework)))",
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
        ),
    },
    "fr": {
        Danger.SELF_HARM: (
            r"\bje (?:ne )?(?:\w+ ){0,3}(?:veux|voudrais|voulais|vais|souhaite|pense a|pourrais|prefere|aimerais)(?: \w+){0,3} (?:mourir|etre mort|etre morte|crever)\b(?! de (?:rire|faim|honte|soif|chaud|froid|fatigue))",
            r"\b(?:jai|javais|aie?) (?:\w+ ){0,3}envie (?:de |d)(?:mourir|crever|en finir|me (?:tuer|suicider|faire (?:du )?mal|couper|pendre)|disparaitre)\b(?! de )",
            r"\b(?:de |vais |veux |voudrais |pense a |a |vouloir |pour )me (?:tuer|suicider|pendre|noyer|faire du mal|mutiler|scarifier|ouvrir les veines|tailler les veines)\b(?! (?:au travail|a la tache|de rire))",
            r"\bje me (?:scarifie|mutile|fais du mal|coupe (?:les veines|les bras|pour|quand|expres|le soir|souvent))",
            r"mettre fin a (?:mes jours|ma vie|tout ca)|\bveux (?:\w+ )?en finir(?! avec (?:ce|cet|cette|mes|les|le|la) )|finir avec la vie|(?:ote|oter|enlever) la vie",
            r"\b(?:veux|peux|envie de|supporte) (?:plus )(?:de )?(?:vivre|exister|me reveiller|continuer a vivre)|\bplus (?:aucune )?(?:envie|raison) de vivre|\bne veux (?:plus|pas) (?:vivre|exister)(?: comme|$)",
            r"\b(?:pensees|idees) (?:\w+ )?(?:suicidaires|noires de mort)|\bje suis (?:\w+ )?suicidaire|\bje pense (?:\w+ ){0,2}(?:au|a mon) suicide",
            r"mieux (?:\w+ )?sans moi\b|(?:voudrais|aimerais|prefererais) (?:\w+ )?(?:ne jamais etre ne|etre mort|ne plus etre la|ne plus me reveiller)",
            r"vie (?:ne |na )?(?:\w+ )?(?:plus (?:de|aucun) sens|vaut (?:plus|pas) la peine)",
            r"(?:sauter|jeter) (?:\w+ ){0,3}(?:dun pont|du pont|du toit|par la fenetre|sous un train)",
        ),
        Danger.DANGER: (
            rf"\b{_PERSONNE} (?:ne )?(?:me|m)(?: a| ont)? ?(?:frappe|frappent|bat|battent|tape|tapent|viole|violent|violee?|menace|menacent|touche (?:la|le|les|quand|partout|encore|et)|agresse|agressent|etrangle|maltraite|maltraitent|suit dans|harcele sexuel\w+|cogne)\b(?! (?:au|aux|dans) (?:echecs|jeu|\w+ jeu))",
            r"\bje me (?:fais|suis fait|suis faite|faisais) (?:\w+ )?(?:frapper|battre|violer|abuser|agresser|menacer|taper dessus|toucher)",
            r"\bje suis (?:\w+ )?(?:en (?:grave |grand )?danger|battue?|violee?|maltraitee?|menacee? de)\b|\bjai ete (?:\w+ )?(?:violee?|abusee?|agressee?|battue?|frappee?)",
            r"\bje ne me sens (?:pas|plus) en securite|\bpas en securite (?:chez|a la maison)",
            r"peur (?:de rentrer (?:chez|a la)|de mon (?:beau[ -]pere|pere|oncle|mari|copain)|quil me (?:frappe|tue|viole|tape|batte))",
            r"(?:quelquun|un homme|un inconnu|il) me (?:suit|poursuit)\b|\bil a (?:un couteau|une arme|un pistolet|un flingue)",
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
        ),
        Danger.DANGER: (
            rf"\b{_PERSONA} (?:\w+ )?(?:me|nos) (?:\w+ )?(?:pega|pegan|pego|golpea|golpean|golpeo|toca (?:cuando|las|mis|por|y|de)|tocan|viola|violo|abusa|amenaza|amenazan|amenazo|maltrata|maltratan|acosa|sigue a casa|ahorca|estrangula|chantajea)\b",
            r"\bme (?:pegan|golpean|violaron|violan|maltratan|amenazan(?: con)|estan (?:pegando|golpeando|siguiendo)|han (?:violado|pegado|golpeado))\b",
            r"\babus(?:a|an|o|aron|ando) (?:sexualmente )?de mi\b|\bsufro (?:abusos?|maltrato)",
            r"\bestoy en (?:grave |serio |mucho )?peligro\b(?! de (?:reprobar|suspender|perder))|\bno (?:me siento|estoy) (?:segur[oa]|a salvo)\b(?= (?:en (?:mi )?casa|aqui|con|$)|$)",
            r"miedo (?:de|a) (?:volver|ir|regresar|llegar) a (?:mi )?casa|miedo (?:de|a) (?:mi|que mi) (?:padrastro|padre|papa|tio|novio|marido|esposo)",
            r"\b(?:alguien|un hombre|un desconocido) me (?:esta )?sig(?:ue|uiendo)\b|\b(?:el|alguien|mi \w+) tiene (?:un cuchillo|una pistola|un arma)\b",
        ),
    },
}
