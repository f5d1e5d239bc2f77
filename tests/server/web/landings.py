"""Three landing pages of our own: a full one, a bare one, one in Arabic."""

from datetime import date

from server.web.views.frame import Link
from server.web.views.landing import (
    BatchLine,
    Fact,
    Hero,
    LandingView,
    LessonLine,
    Outcome,
    PriceCard,
    Question,
    Quote,
    SectionLine,
    TeacherCard,
)

RESERVE = Link("Reserve a seat", "#dates")


def pottery() -> LandingView:
    return LandingView(
        hero=Hero(
            "Throw a bowl you would keep.",
            "Eight Tuesday evenings at the wheel, live, with a teacher who watches your hands. You bring a wheel or "
            "rent ours. You leave with six pots fired and a habit that lasts.",
            RESERVE,
            Link("Watch the first lesson", "/c/pottery/learn/wheels"),
            "11 min, no account",
            "pots",
        ),
        description="Eight Tuesday evenings at the wheel, live.",
        facts=(
            Fact("8 weeks", "Tuesdays, 19:00 London"),
            Fact("14 seats", "so everyone is seen"),
            Fact("6 pots", "glazed and fired for you"),
            Fact("Certificate", "anyone can check it"),
        ),
        outcomes=(
            Outcome("Centre any lump up to 2 kg", "and know by touch when it is not."),
            Outcome("Open and pull an even wall", "4 mm from foot to lip, three pulls."),
            Outcome("Turn a foot ring", "that sits flat and lifts the form."),
            Outcome("Choose a glaze for its thickness", "not for its photograph."),
            Outcome("Read a kiln log", "and say what went wrong, and when."),
        ),
        course_note="24 lessons, 8 live classes, 9 h 40 min of film you keep.",
        sections=(
            SectionLine(
                "Clay, water, patience",
                (
                    LessonLine("Why wheels turn the way they do", "video", 660, "/c/pottery/learn/wheels", free=True),
                    LessonLine("Wedging until it is quiet", "video", 1080, "/c/pottery/learn/wedging", free=True),
                    LessonLine("First evening at the wheel", "live", 5400),
                ),
            ),
            *(SectionLine(title, count=3) for title in ("Centring", "Opening and the first wall", "Bowls", "Feet")),
        ),
        batches=(
            BatchLine(date(2027, 1, 13), date(2027, 3, 3), "Tuesdays 19:00–20:30", 14, 11, 0, "/c/pottery/join?b=1"),
            BatchLine(date(2027, 2, 2), date(2027, 3, 23), "Tuesdays 10:00–11:30", 14, 14, 6, "/c/pottery/join?b=2"),
            BatchLine(date(2027, 4, 14), date(2027, 6, 2), "Wednesdays 19:00–20:30", 14, 5, 0, "/c/pottery/join?b=3"),
        ),
        zone="London",
        teachers=(
            TeacherCard(
                "maren",
                "Maren Okafor",
                "Potter, Orford, Suffolk",
                (
                    "Maren has thrown tableware for nineteen years and taught in village halls for twelve of them. "
                    "She fires a gas kiln named Doris and keeps a log of every firing since 2009; you will read some.",
                    "She teaches slowly on purpose. Most faults in a pot are made in the first forty seconds, so that "
                    "is where the course spends its time.",
                ),
            ),
        ),
        quotes=(
            Quote(
                "I had been to three weekend courses and never centred once. In week two I centred with my eyes shut.",
                "Joan Addo",
                "joan",
                "Spring 2026",
            ),
            Quote("The class is ninety minutes and feels like twenty.", "Piet van Rijn", "piet", "Autumn 2025"),
            Quote("My daughter now asks for “the wobbly bowl”.", "Harriet Cole", "harriet", "Spring 2026"),
        ),
        prices=(
            PriceCard(
                "The course",
                32000,
                "EUR",
                RESERVE,
                "",
                "or four payments of € 80",
                ("All 24 lessons, for good", "8 live classes and their recordings", "Glazing and firing of six pots"),
            ),
            PriceCard(
                "The library",
                1400,
                "EUR",
                Link("Open the library", "/c/pottery/join"),
                "month",
                "stop any month",
                ("All 24 lessons and 61 past recordings", "The members’ rooms"),
            ),
        ),
        price_note="Change your mind before the second class and you get all of it back, without a form.",
        questions=(
            Question("Do I need a wheel?", "For the live classes, yes. 31 studios in nine countries rent by the hour."),
            Question("What if I miss a Tuesday?", "The recording is a lesson by the next morning."),
            Question("What is the certificate worth?", "Anybody can check it on our page without asking us."),
        ),
        place="Orford, Suffolk",
        linked={"@context": "https://schema.org", "@type": "Course", "name": "Throw </script> a bowl"},
    )


def bare() -> LandingView:
    return LandingView(
        hero=Hero("Ten quiet weeks with the left hand.", "A course is being written. Leave a word.", None),
        description="Ten quiet weeks.",
        draft=True,
    )


def arabic() -> LandingView:
    reserve = Link("احجز مقعدًا", "#dates")
    return LandingView(
        hero=Hero(
            "اصنع وعاءً تحبّ أن تحتفظ به.",
            "ثماني أمسيات ثلاثاء على الدولاب، مباشرةً، مع معلّمة تراقب يديك. أحضر دولابك أو استأجر دولابنا، واخرج بستّ "
            "قطع محروقة وعادة تبقى.",
            reserve,
            Link("شاهد الدرس الأول", "/c/pottery/learn/wheels"),
            "١١ دقيقة، بلا حساب",
            "pots",
        ),
        description="ثماني أمسيات ثلاثاء على الدولاب.",
        facts=(
            Fact("٨ أسابيع", "الثلاثاء، ١٩:٠٠ بتوقيت لندن"),
            Fact("١٤ مقعدًا", "كي يُرى الجميع"),
            Fact("٦ قطع", "نزجّجها ونحرقها لك"),
        ),
        outcomes=(
            Outcome("توسيط كتلة حتى ٢ كغ", "وتعرف باللمس متى تميل."),
            Outcome("فتح الطين ورفع جدار متساوٍ", "٤ مم من القاعدة إلى الحافة."),
            Outcome("خرط قاعدة حلقية", "تستقرّ مستوية وترفع الشكل."),
        ),
        sections=(
            SectionLine(
                "طين وماء وصبر",
                (
                    LessonLine("لماذا يدور الدولاب هكذا", "video", 660, "/c/pottery/learn/wheels", free=True),
                    LessonLine("أول أمسية على الدولاب", "live", 5400),
                ),
            ),
            SectionLine("التوسيط", count=3),
            SectionLine("الأوعية", count=11),
        ),
        batches=(
            BatchLine(date(2027, 1, 13), date(2027, 3, 3), "الثلاثاء ١٩:٠٠–٢٠:٣٠", 14, 11, 0, "/c/pottery/join?b=1"),
            BatchLine(date(2027, 2, 2), date(2027, 3, 23), "الثلاثاء ١٠:٠٠–١١:٣٠", 14, 14, 6, "/c/pottery/join?b=2"),
        ),
        teachers=(
            TeacherCard(
                "maren", "مارين أوكافور", "خزّافة، أورفورد، سوفولك", ("تصنع مارين أواني المائدة منذ تسعة عشر عامًا.",)
            ),
        ),
        quotes=(Quote("الحصة تسعون دقيقة وكأنها عشرون.", "بيت فان راين", "piet", "خريف ٢٠٢٥"),),
        prices=(PriceCard("الدورة", 32000, "EUR", reserve, holds=("٢٤ درسًا، دائمًا", "غرف الأعضاء لمدة سنة")),),
        questions=(Question("هل أحتاج دولابًا؟", "للحصص المباشرة، نعم."),),
    )
