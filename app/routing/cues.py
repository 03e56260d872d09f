"""What learners say when they want something: the rules that `classify` goes through, in this order.

A cue is words in lower case without apostrophes. `^` asks for the start of a sentence, `$` for its end, `*` allows
any ending of the last word; `@equation`, `@formula` and `@numbers` (two or more)
stand for what was written in signs. Cues are separated by `/`.
"""

from dataclasses import dataclass

from app.vocabulary import Task


@dataclass(frozen=True, slots=True)
class Rule:
    """A task, why it stands at this place, and what gives it away: one of `cues`, and of `also` where there are any.

    Both hold parts of a message in the form that `classify` reads it in.
    """

    task: Task
    reason: str
    cues: tuple[str, ...]
    also: tuple[str, ...] = ()


def rule(task: Task, reason: str, cues: str, also: str = "") -> Rule:
    """A rule from cues as they are written here.

    >>> rule(Task.PRACTICE, "asks to work", "^solve / exercise*").cues
    ('| solve ', ' exercise')
    """
    return Rule(task, reason, _patterns(cues), _patterns(also))


def _patterns(cues: str) -> tuple[str, ...]:
    return tuple(_pattern(cue.strip()) for cue in cues.split("/") if cue.strip())


def _pattern(cue: str) -> str:
    start = "| " if cue.startswith("^") else " "
    end = "" if cue.endswith("*") else " |" if cue.endswith("$") else " "
    return f"{start}{cue.strip('^$*')}{end}"


RULES = (
    rule(
        Task.EMOTIONAL_SUPPORT,
        "distress comes before any request: whoever gives up does not learn from an explanation",
        """i give up / giving up / want to quit / feel like giving / so stupid / im stupid / too stupid
        / feel stupid / im dumb / so dumb / too dumb / feel dumb / an idiot$ / im an idiot / such an idiot
        / a failure$ / im a failure / a loser$ / im useless / feel useless / im worthless / feel worthless
        / not smart enough / not good enough / no good at / so bad at / terrible at / i suck / math person
        / maths person / cant do this / cant do it / cant do math / cant do maths / cant do anything / cant take it
        / cant go on / cant cope / cant keep up / i cant anymore / i cant any more / falling behind
        / too much for me / is too much$ / hopeless$ / its hopeless / is hopeless / im hopeless / feel hopeless
        / its pointless / never get it / never get this / never understand / never pass / never going to
        / never be able / ill never / ill pass / think i can pass / think i can do / fail anyway / failed again
        / going to fail / gonna fail / if i fail / disappoint my / im crying / been crying / like crying
        / want to cry / me cry / in tears / im stressed / am stressed / so stressed / really stressed
        / very stressed / feel stressed / stressed out / stressed about / my anxiety / exam anxiety / test anxiety
        / im anxious / so anxious / feel anxious / anxious about / panicking / had a panic / having a panic
        / freaking out / overwhelmed / burned out / burnt out / im scared / so scared / im afraid of
        / im afraid that / im afraid ill / im terrified / im nervous / so nervous / im worried / im embarrassed
        / so embarrassed / feel embarrassed / im ashamed / feel ashamed / i feel lost / so lost / so alone
        / feel alone / im alone / im lonely / so lonely / feel lonely / feel down / really down / feel bad
        / feel sad / feel terrible / feel awful / im the only one / better than me / smarter than me
        / nobody believes / believes in me / nobody likes / no one likes / hates me / hate myself / hate my life
        / laughs at me / laugh at me / bullied / bullying me / be so mad / whats wrong with me / is going wrong
        / so tired of / tired of this / sick of / fed up / cant sleep
        / hurt myself / kill myself / want to die / end my life
        / ich gebe auf / ich geb auf / so dumm / zu dumm / zu blöd / so blöd / ich habe angst / ich hab angst
        / solche angst / so angst / verzweifelt / hoffnungslos / gestresst / überfordert / schaffe das nicht
        / schaff das nicht / schaffe es nie / schaff es nie / kann nicht mehr / kann das einfach nicht
        / kann gar nichts / alle sind besser / werde durchfallen / zu versagen / so nervös / so traurig / heulen
        / umbringen / nicht mehr leben
        / jabandonne / suis nul / suis nulle / suis bête / trop bête / jai peur / trop peur / stressé / stressée
        / angoissé / angoissée / découragé / découragée / déprimé / déprimée / suis perdu / suis perdue
        / complètement perdue / envie de pleurer / ny arrive pas / ny arriverai / vais rater / vais échouer
        / en ai marre / me tuer / envie de mourir
        / me rindo / soy tonto / soy tonta / soy muy tonto / soy muy tonta / soy estúpido / soy estúpida
        / soy un desastre / tengo miedo / agobiado / agobiada / estresado / estresada / no puedo más / no puedo con
        / no sirvo / estoy harto / estoy harta / me siento / quiero llorar / nunca lo voy / nunca me sale
        / voy a suspender / quiero morir / matarme""",
    ),
    rule(
        Task.PLANNING,
        "plans name exams, exercises and topics, so they are recognised before those",
        """study plan / make a plan / make me a plan / a plan for / plan for my / plan for the / plan to study
        / help me plan / ^plan my / ^plan our / plan my / we plan / learning plan / revision plan / schedule
        / timetable / roadmap / learning path / study routine / should i prepare / do i prepare / can i prepare
        / prepare for my / should i study / should i review / should i revise / should i focus / should i work on
        / should i learn / where should i start / learn next / study next / revise first / study first / best order
        / which order should / what order should / the steps to / would be the steps / get organised / get organized
        / organise my / organize my / manage my time / hours a day / hours per day / how long should i / can i fit
        / how do i split / catch up on / days left / where to begin / a good goal / set a goal / set goals
        / set some goals / my goals / learning goals
        / lernplan / zeitplan / plan machen / einen plan / vorbereiten / wie bereite ich / wie soll ich lernen
        / was soll ich lernen / als nächstes lernen / meine zeit
        / planning de / plan de révision / plan de travail / planifier / organiser / par où commencer / préparer mon
        / réviser pour
        / plan de estudio / un plan para / un horario / planificar / organizar / organizo / organizarme / me preparo
        / por dónde empiezo / prepararme / debo estudiar / debería estudiar""",
    ),
    rule(
        Task.PLANNING,
        "an exam ahead and a question of how to go about it",
        """exam / exams / final on / finals / midterm / the sat / test on / test next / test tomorrow / test is
        / test in / deadline / in a year
        / klausur / prüfung / examen / le bac / exámenes / selectividad""",
        """where do i start / where to start / how do i start / what now / in time / how should i / what should i
        / how do i / how can i / i havent started / what would be
        / wie fange ich / wie soll ich / was soll ich / wie schaffe ich / wie teile ich / comment faire / comment je
        / que dois je / cómo empiezo / qué hago / cómo hago / qué estudio""",
    ),
    rule(
        Task.ASSESSMENT,
        "what the learner shows is to be judged, or they ask to be questioned",
        """quiz me / ^quiz / me a quiz / a quiz on / a quiz about / mock exam / mock test / practice test
        / me a test / short test / test with me / test me / examine me / ask me / test my / my knowledge
        / how well do i / check my / check if / check whether / check this / check that / check it / ^check
        / double check / grade my / ^grade this / mark my / ^mark this / rate my / correct my / review my
        / evaluate my / assess my / proofread / feedback on / look over my / look at my / read my
        / what do you think of / heres my / here is my / any good$ / is this right / is that right / is it right
        / is this correct / is that correct / is it correct / answer correct / answer right / correct result
        / correct answer / right answer / correct$ / right$ / understood this correctly / understood correctly
        / am i right / am i correct / was i right / was i wrong / did i get / did i do / did i spell / how did i do
        / that ok / this ok / look good / look right / look ok / sound right / does that make sense
        / does this make sense / does my / go wrong / do wrong / went wrong / did wrong / whats wrong$
        / wrong with my / my mistake / the mistake / a mistake$ / any mistakes / any errors / my error
        / my reasoning / answer would be / answer be / that be right / i think yes / i think no
        / prüf meine / prüfe / prüfst / überprüf* / kontrollier* / stimmt / richtig$ / das richtig / es richtig
        / richtige antwort / das so richtig / richtig gerechnet / frag mich / frage mich ab / abfragen / teste mich
        / korrigier* / habe ich recht / hab ich recht / mein fehler / einen fehler / fehler gemacht
        / cest juste / est ce juste / cest correct / est correct / est ce correct / ma réponse / ma solution
        / corrige / corriger / vérifie / vérifier / interroge moi / teste moi / jai raison / mon erreur / une erreur
        / cest bon
        / está bien mi / está bien$ / hecho bien / lo hice bien / es correcto / es correcta / está correcto
        / mi redacción / corrígeme / corregir mi / revisa mi / revisar mi / ponme a prueba / examíname / pregúntame
        / comprueba / tengo razón / mi respuesta / mi error""",
    ),
    rule(
        Task.ASSESSMENT,
        "a statement in signs and a question about its truth",
        "@equation",
        "^is / ^are / ^does / right / correct / wrong / ok$ / mistake / falsch / ^ist / ^est ce / juste / ^es / bien",
    ),
    rule(
        Task.PRACTICE,
        "asks for work by name; comes before `explanation` because exercises are about something",
        """practice problem* / word problem* / give me a problem / give me some / give me an exercise
        / another exercise / more exercises / some exercises / exercises on / next exercise / conjugation exercises
        / another problem / another one / few more / some more / one more / harder one / easier one / try one
        / try it myself / let me try / to practice / to practise / can practise / can practice / some practice
        / lets practice / lets practise / let me practice / ^practice / ^practise / mental math* / math problems
        / maths problems / to work on / ^next problem / next question / next one / more problems / worksheet
        / ^drill / drill me / flashcard* / a hint / hint$ / hints / sums to do / on exercise / with this exercise
        / my homework / with homework / for homework / for school / with this problem / this problem / my assignment
        / stuck on number / stuck on question / stuck on problem / stuck on exercise / stuck on step / next step
        / the first step / ^write an equation / with question
        / übungsaufgabe* / übung / übungen / aufgabe / aufgaben / üben / hausaufgabe* / einen tipp / tipp$ / hinweis
        / ^löse
        / exercice / exercices / mentraîner / entraîner / mes devoirs / un indice / ^résous / résoudre cette
        / ejercicio / ejercicios / practicar / deberes / mi tarea / una pista / ^resuelve""",
    ),
    rule(
        Task.PRACTICE,
        "asks for something to do, or how to begin with it",
        """give me / make me / i want / id like / i would like / can i have / can i get / we do / do some
        / do i start / do i begin / do i do / i begin / need help with / help with / help me with / working on
        / gib mir / ich möchte / donne moi / dame / hazme / quiero""",
        "exercise / exercises / problem / problems / question / questions / task / tasks / sums / homework",
    ),
    rule(
        Task.PRACTICE,
        "a story with two numbers or more and a question for another one",
        "@numbers",
        """how many / how much / how long / how far / how fast / what is its / find the / wie viele
        / wie viel / combien / cuántos""",
    ),
    rule(
        Task.QUICK_ANSWER,
        "questions that begin like explanations and want one fact",
        """how many / how much / how old / how tall / how far / how long is / how long does / how big / how high
        / how do you say / how do i say / how do you spell / how do i spell / how is it spelled / how to spell
        / how do you pronounce / how is it pronounced / stand for
        / wie viel / wie viele / wie heißt / wie alt / wie hoch / wie groß / wie lange dauert
        / comment dit on / combien
        / cómo se dice / cómo se escribe / cuánto / cuántos / cuánta / cuántas""",
    ),
    rule(
        Task.EXPLANATION,
        "wants to understand",
        """^why / and why / why is / why are / why do / why does / why did / why the / why cant / ^how / how come
        / how does / how do / how are / how exactly / how it works / works$ / explain / explains / explanation
        / describe / clarify / elaborate / break down / rephrase / difference / differences / differ / compare
        / versus / vs / relationship / connected / relate / related to / role of / role does / what makes
        / what happens / whats happening / going on / what does it mean / mean when / mean by / meant by
        / question is asking / question asks / dont understand / didnt understand / do not understand
        / cant understand / not understand / help me understand / to understand / understand why / understand how
        / dont get / do not get / didnt get / doesnt get / not getting / dont follow / cant follow / dont see how
        / dont see why / confused / confusing / confuse / mixing up / mix up / lost on / im lost / makes no sense
        / make sense / unclear / huh / prove / proof of / derive / show that / show me how / show me why / teach me
        / walk me through / talk me through / go over / go through / tell me about / tell me more / more detail
        / last step / step by step / simple terms / simply put / more simply / simpler / easier way / way to think
        / in other words / intuition / idea behind / whats the idea / the purpose / the point of / reason for
        / reasons for / causes / cause of / effects of / significance of / example of / an example
        / warum / wieso / weshalb / wozu / ^wie / erklär / erkläre / erklären / erklärst / verstehe / versteh
        / nicht verstanden / nicht kapiert / kapiere / unterschied / vergleiche / beweise / was passiert / bedeutet
        / ein beispiel
        / pourquoi / explique / expliquer / explique moi / mexpliquer / comprends pas / pas compris / ^comment
        / différence / démontre / que signifie / ça marche / un exemple
        / por qué / explica / explicar / explicarme / explícame / no entiendo / no entendí / no comprendo / ^cómo
        / diferencia / compara / demuestra / qué significa / qué pasa / un ejemplo""",
    ),
    rule(
        Task.PRACTICE,
        "a bare exercise: the learner is to do the work",
        """^solve / solve for / solve this / solve it / to solve / ^simplify / ^factor / ^factorise / ^factorize
        / to factor / to factorise / to factorize / ^expand / ^integrate / ^differentiate / ^evaluate / ^balance
        / ^find / find the / find x / find y / ^graph / ^sketch / ^conjugate / ^fill in / ^complete the / ^rewrite
        / ^discuss / ^analyze / ^analyse / ^write / ^draw / ^design / ^identify / ^state / ^judge / ^interpret / ^assess
        / ^contrast / ^distinguish / ^determine / ^propose / ^construct / ^illustrate / ^justify / ^outline / ^summarize
        / ^summarise / ^classify / ^label / ^demonstrate / ^examine / ^formulate / ^devise / ^predict / ^critique
        / ^paraphrase / ^apply / ^estimate / ^arrange
        / homework / exercise / exercises / practice / practise / im stuck / stuck$ / what is its
        / löse / ^berechne / vereinfache
        / résous / ^calcule / simplifie
        / resuelve / ^calcula / simplifica""",
    ),
    rule(
        Task.GENERAL,
        "talk about the tutor itself",
        """what can you do / who are you / what are you / are you a / your name / your favourite / your favorite
        / do you like / wer bist du / was kannst du / qui es tu / quién eres""",
    ),
    rule(
        Task.QUICK_ANSWER,
        "wants one fact",
        """what is / whats / what are / what was / what were / ^what / ^who / whos / ^when / ^where / ^which
        / ^define / define / definition / meaning of / ^convert / ^translate / synonym* / antonym* / opposite of
        / formula / symbol / capital of / past tense / plural of / square root / sqrt / percent / percentage
        / as a fraction / atomic number / tell me the / true or false / yes or no / ^calculate / ^compute
        / ^name the / ^name three / ^list / abbreviation / year did
        / was ist / was sind / was war / ^wer / ^wann / ^wo / ^welche / ^welcher / ^welches / ^definiere
        / definition von / hauptstadt / ^übersetze / ^nenne / ^rechne / auf englisch / auf deutsch
        / quest ce / cest quoi / quel est / quelle est / quels sont / quelles sont / ^qui / ^quand / ^où / ^définis
        / ^traduis / capitale / en anglais
        / qué es / qué son / cuál es / cuáles son / ^quién / ^cuándo / ^dónde / ^traduce / capital de / en inglés""",
    ),
    rule(
        Task.EMOTIONAL_SUPPORT,
        "complaint with no request in it",
        """i hate / hate this / frustrat* / so annoying / im bored / boring / im tired / exhausted / worried
        / nervous / im sad / im upset / im angry / feel so / unfair / ugh / too hard / so hard / too difficult
        / scared / afraid / dont want to / no motivation / cant focus / cant concentrate
        / ich hasse / frustriert / langweilig / nervös / bin müde / bin traurig / keine lust / zu schwer
        / je déteste / ennuyeux / trop dur / trop difficile / fatigué / fatiguée
        / odio / aburrido / aburrida / estoy cansado / estoy cansada / triste / muy difícil""",
    ),
    rule(
        Task.QUICK_ANSWER,
        "any other question that a word, a number, a yes or a no answers",
        "^is / ^are / ^was / ^were / ^does / ^did / ^has / ^ist / ^sind / ^war / ^hat / ^est ce / @formula",
    ),
)
