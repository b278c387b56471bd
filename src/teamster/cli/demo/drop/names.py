"""Names to put together at random: whoever they name is made up."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN = {
    "F": _words("""
        Aaliyah Amara Ana Ángela Beatriz Briana Camila Chloë Daniela Destiny Eden Emília Fátima
        Gabriela Grace Hanna Imani Inés Jada Janelle Keisha Laila Leilani Lucía Maya Mía Naomi
        Nia Noor Olivia Priya Raquel Renée Rosa Saanvi Siobhán Sofía Thảo Valentina Yara Zoë Zuri
    """),
    "X": _words("Alex Avery Jordan Kai Riley Sage"),
    "M": _words("""
        Aarón Adrián Amir Andre Ángel Benício Caleb Carlos Damian Darnell Elijah Emre Ethan
        Félix Gabriel Hassan Isaiah Jamal Jesús João Joaquín Jordan José Kofi Liam Lucas Malik
        Mateo Miles Minh Nasir Noah Omar Quincy Rafael Samir Sebastián Søren Tariq Xavier Yusuf
    """),
}

FAMILY = _words("""
    Abreu Acevedo Adeyemi Ahmed Almeida Álvarez Baptiste Barnes Bautista Bello Brooks Calderón
    Carter Castillo Chen Cruz Davis Desai Díaz Dubois Edwards Espinoza Fernández Figueroa Flores
    Fontaine Foster García Gomes González Grant Gutiérrez Haddad Harris Hernández Ibáñez Iglesias
    Jackson Jiménez Johnson Joseph Kamara Khan Kowalczyk Lambert León Lopes Łukasik Marrero
    Martínez Mbeki Mensah Mitchell Montañez Moore Muñoz Nguyễn Núñez O'Brien O'Connor Ocampo
    Okafor Okoye Ortega Ortiz Osei Owens Palmer Patel Peña Peralta Pereira Pierre Quiñones Ramírez
    Reyes Richardson Rivera Rodríguez Rosario Ruíz Saint-Fleur Salazar Sánchez Santana Singh
    Souza Suárez Taylor Thompson Toussaint Turner Valdés Vargas Vásquez Vélez Walker Washington
    Watkins Williams Wójcik Yáñez Young Zamora Zhang
""")

SUFFIXES = (", Jr.", ", III")
"""What may follow a family name: it brings a comma into the cell."""
