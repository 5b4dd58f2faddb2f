"""What simulated people say and hear. `{…}` is filled in by whoever draws a phrase."""

from collections.abc import Mapping
from typing import Final

from server.domain.words import Mood

NAMES: Final = tuple(
    "Amara Anouk Arlo Asta Bela Bruna Caspian Cleo Dario Dilan Edda Emre Fenna Finja Goran Hana Idris Ilse Imani Ines "
    "Jovan Juno Kaito Keanu Leyla Lior Lotte Maeve Malik Marit Mateo Mirja Nadir Nela Nilo Odile Orla Pavel Petra "
    "Quinn Rania Ravi Romy Sanne Selim Sigrid Soren Tamsin Taro Thea Tilda Uma Vasco Vida Willa Wren Yara Yusuf Zadie "
    "Zoran".split()
)

ZONES: Final = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
)

FILLERS: Final[Mapping[str, tuple[str, ...]]] = {
    "city": ("Utrecht", "Porto", "Leipzig", "Bergen", "Kyoto", "Valparaíso", "Bristol", "Denver", "Pune", "Hobart"),
    "job": ("nurse", "teacher", "carpenter", "data analyst", "chef", "bus driver", "architect", "florist"),
    "firm": ("Halden", "Brightwell", "Oakline", "Marlow", "Tidewater", "Kestrel"),
    "pet": ("dog", "cat", "parrot", "rabbit", "tortoise"),
    "petname": ("Pixel", "Mango", "Biscuit", "Nori", "Waffle", "Juniper", "Otto", "Pepper"),
    "kin": ("sister", "brother", "mother", "daughter", "son", "best friend"),
    "hobby": ("bouldering", "pottery", "sourdough", "birdwatching", "chess", "surfing", "gardening", "the cello"),
    "food": ("ramen", "feijoada", "dumplings", "lentil curry", "pizza", "waffles"),
    "drink": ("oat milk coffee", "ginger tea", "cold brew", "mate"),
    "allergy": ("peanuts", "cats", "shellfish", "pollen"),
    "event": ("dentist appointment", "driving test", "job interview", "piano recital", "chemistry exam"),
    "trip": ("Madeira", "Oslo", "Hanoi", "Marrakesh", "the Dolomites", "Tallinn"),
    "chore": ("the laundry", "my taxes", "a broken tap", "the inbox", "a late parcel", "the move"),
    "show": ("a crime series", "a cooking contest", "an old western", "the cup final", "a nature documentary"),
}  # fmt: skip
"""What a phrase leaves open, other than `{name}`, `{kinname}`, `{day}` and `{date}`."""

FACTS: Final = (
    ("I live in {city} now, near the old harbour.", "{city} suits you, I think."),
    ("I work as a {job} at {firm}.", "A {job}! How long have you been at {firm}?"),
    ("I have a {pet} called {petname}.", "{petname} is a lovely name for a {pet}."),
    ("My {kin} is called {kinname}.", "Noted, your {kin} {kinname}."),
    ("I love {hobby}, it clears my head.", "Everybody needs something like {hobby}."),
    ("My favourite food is {food}.", "I will keep {food} in mind."),
    ("I'm allergic to {allergy}.", "Good to know: no {allergy}."),
    ("I always start the day with {drink}.", "{drink} it is, then."),
    ("My birthday is on {date}.", "{date}, I will remember that."),
)
"""What people tell about themselves, each at most once, and what they hear."""

PLANS: Final = (
    ("I have a {event} on {day}.", "Fingers crossed for {day}!"),
    ("My {event} is on {day}, I should prepare.", "You have time until {day}. Shall we go through it?"),
    ("I'm flying to {trip} on {date}.", "{trip}! Have you packed?"),
    ("Next week I'm visiting my {kin} in {city}.", "Say hello to {city} from me."),
)

QUESTIONS: Final = (
    ("Can you suggest something to cook tonight?", "How about something with {food}?"),
    ("What should I watch this evening?", "There is {show} that people like."),
    ("Do you remember what I told you about my weekend?", "Tell me a little more, and I will find it."),
    ("How do I get rid of {chore}?", "Ten minutes a day, and it is gone by Sunday."),
    ("Any idea for a present for my {kin}?", "Something around {hobby}, perhaps?"),
    ("Will it rain tomorrow?", "I cannot see the sky, but take a jacket."),
)

CHATTER: Final = (
    ("Hi there", "Hello {name}!"),
    ("Good morning", "Good morning, {name}. Slept well?"),
    ("ok thanks", "Any time."),
    ("I will try that and tell you.", "Please do."),
    ("Just got back from the market.", "Found anything good?"),
    ("The train was on time for once.", "A small wonder."),
    ("I watched {show} last night.", "And, was it any good?"),
    ("Spent the afternoon with {chore}.", "That had to be done as well."),
    ("Thinking about repainting the kitchen.", "Which colour?"),
    ("We tried {food} yesterday.", "How was it?"),
)

FEELINGS: Final[Mapping[Mood, tuple[str, ...]]] = {
    "happy": (
        "What a lovely day, I am so happy with how it went.",
        "Thank you, that really made me smile!",
        "My {kin} came over and it was wonderful.",
    ),
    "excited": (
        "I can't wait, only a few days left!!",
        "Guess what, I got the place in the {hobby} course! So excited!",
        "This is going to be amazing!",
    ),
    "playful": (
        "haha you are impossible",
        "Bet you cannot beat me at {hobby} :P",
        "lol my {pet} just stole my lunch",
    ),
    "sad": (
        "I feel so lonely today, I miss my {kin}.",
        "It made me cry, honestly.",
        "I am sad that it is over.",
    ),
    "anxious": (
        "I'm really nervous about tomorrow, I can't sleep.",
        "I am worried that I will mess it up.",
        "What if it all goes wrong? I am scared.",
    ),
    "frustrated": (
        "Ugh, {chore} again, this is so annoying.",
        "Nothing works today and I am fed up with it.",
        "I asked three times and still no answer, so frustrating.",
    ),
    "bored": (
        "I'm bored, nothing to do here.",
        "Same old, same old. So dull.",
        "meh, nothing going on, bored again",
    ),
    "angry": (
        "I am furious, they lied to me!",
        "This is outrageous, I hate how they treat people!",
    ),
}
"""What people write in a mood; who is neutral chatters."""

COMFORT: Final[Mapping[Mood, str]] = {
    "happy": "That is good to hear, {name}.",
    "excited": "I am excited with you!",
    "playful": "We will see about that.",
    "sad": "I am sorry, {name}. Do you want to talk about it?",
    "anxious": "One step at a time. What would help most?",
    "frustrated": "That does sound tiring.",
    "bored": "Shall I think of something to do?",
    "angry": "I understand. That was not fair.",
}

UNASKED: Final = ("Hello {name}, how did it go?", "I found that recipe with {food}, if you still want it.")
"""What the other side writes of its own accord, without an answer."""

FAREWELL: Final = ("STOP", "All right, I will not write any more.")
"""The last words of those who want no more messages."""

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

TAGS: Final = ("newsletter", "early bird", "workshop", "pilot", "referred", "prefers mornings")

TOUCHPOINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("Sent the programme of the {event}.", "Asked whether {city} would do for the spring meeting."),
    "meeting": ("Coffee in {city}; talked about {hobby} and the next steps.", "Went through the plan at {firm}."),
    "note": ("Prefers {drink} to coffee.", "Works at {firm}; decisions come in spring."),
    "video_call": ("Showed the new version; liked it.", "Looked at {chore} together."),
}
"""What is noted of a touchpoint, by its kind."""

CALLS: Final = (
    ("scheduling", "Moved the meeting in {city} to next week."),
    ("billing", "Asked about the last invoice; it was sent again."),
    ("feedback", "Likes the new version, would want it for {firm} too."),
    ("support", "Could not sign in; a new link solved it."),
)
"""Topics of calls, each with what is told of the call afterwards."""

ARTIFACTS: Final = (
    "doc-welcome",
    "doc-pricing",
    "doc-roadmap",
    "doc-faq",
    "doc-trip-plan",
    "doc-recipe",
    "doc-invoice",
)
