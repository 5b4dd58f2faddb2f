"""First names, so that "i am sarah" and "my sister anna" are understood without capitals."""

from typing import Final

FIRST_NAMES: Final = frozenset(
    """
    aaron abby abdul abigail adam adele adrian agnes ahmed aisha alan albert alberto alejandra alejandro alex alexa
    alexander
    alexandra alexis alfred ali alice alicia alison allison amanda amber amelia amina amir amy ana andre andrea
    andrei andrew andy
    angela anika anita anjali ann anna anne annie anthony antonio anya april ariana arjun arnold arthur arun ashley
    astrid aurora ava
    barbara beatrice becky ben benjamin bernard beth bethany betty beverly bianca bill billy blake bob bobby boris
    brad bradley
    brandon brenda brendan brian brianna bridget bruce bruno bryan caleb camila carl carla carlos carmen carol
    caroline carolyn cathy
    catherine cecilia charles charlie charlotte chen cheryl chloe chris christian christina christine christopher
    cindy claire clara
    claudia cody colin connor craig crystal cynthia dale damien dan dana daniel daniela danielle danny darren dave
    david dawn dean
    deborah debbie deepak denise dennis derek diana diane diego dominic donald donna doris dorothy doug douglas
    dylan ed eddie edgar
    edith edward edwin elaine elena eli elias elijah elizabeth ella ellen ellie elsa emil emily emma emmanuel eric
    erica erik erin
    ernest esther ethan eugene eva evan eve evelyn farah fatima felix fernando fiona florence frances francesca
    francis francisco frank
    fred freddie frederick freya gabriel gabriela gail gary gavin gemma geoff george gerald gina giovanni giulia
    glenn gloria gordon
    graham greg gregory greta guillermo gustav gwen hannah harold harriet harry harvey hassan heather hector heidi
    helen henrik henry
    hugo hussein ian ibrahim ida imran ines ingrid irene irina iris isaac isabel isabella ivan jack jackie jackson
    jacob jacqueline
    jake james jamie jan jane janet janice jared jasmine jason javier jay jean jeff jeffrey jen jenna jennifer
    jenny jeremy jerome
    jerry jesse jessica jill jim jimmy joan joanna joanne joe joel johan john johnny jon jonas jonathan jordan
    jorge jose joseph
    josh joshua joyce juan juanita judith judy julia julian juliana julie julio justin kamal karen kareem karim
    karl kate katherine
    kathleen kathryn kathy katie kayla keith kelly ken kenneth kevin khadija kim kimberly kiran kirsten kristen
    kristin kumar kurt
    kyle lana lara lars laura lauren laurie layla lea leah leila lena leo leon leonard leslie lewis liam lily linda
    lindsay lisa lola
    lorenzo louis louise luca lucas lucia lucy luis luke lydia mabel maddie madison maggie malik manuel marco
    marcus margaret maria
    marian marie marina mario marisa marjorie mark marlene martha martin martina mary mateo matt matthew maureen
    max maya megan mehmet
    melanie melissa mia michael michelle miguel mike mila miles mina miranda miriam mitchell mohamed mohammed molly
    monica morgan
    muhammad nadia nancy naomi natalia natalie natasha nathan neil nicholas nick nicola nicolas nicole nigel nikhil
    nina noah noel nora
    norman olga oliver olivia omar oscar otto owen pablo pamela patricia patrick paul paula pauline pedro peggy
    penny peter phil
    philip phillip phoebe phyllis pierre pooja priya rachel rafael rahul raj ralph ramon randy raquel rashid ravi
    ray raymond rebecca
    regina renee ricardo richard rick ricky rita rob robert roberta roberto robin rodney roger rohan roland roman
    ron ronald rosa rosie
    ross roxanne roy ruby russell ruth ryan sabrina said sally sam samantha samir samuel sandra sandy sanjay sara
    sarah sasha scott
    sean sebastian selena sergei shane shannon sharon shaun sheila shirley sid silvia simon simone sofia sonia
    sophia sophie stacy
    stanley stella stephanie stephen steve steven stuart sue sunita susan suzanne sven sylvia tamara tanya tara
    tariq ted teresa terry
    thelma theo theresa thomas tim timothy tina todd tom tommy tony tracy travis trevor tyler ursula valeria
    valerie vanessa vera
    veronica victor victoria vijay vincent viola virginia vivian vladimir walter wanda wayne wendy wesley william
    willie xavier yasmin
    yolanda yusuf yvonne zach zachary zahra zainab zara zoe
    """.split()
)
"""Names of people in many countries; those that are ordinary words as well (grace, hope) are mostly left out."""

AMBIGUOUS: Final = frozenset(
    "april dawn crystal amber christian dean frank jack mark max may penny ray rob ruby robin said sandy sue "
    "virginia iris florence "
    "jordan jan ali ash dale blake morgan drew chance".split()
)
"""Those of them that mean something else too, which need a capital."""
