-- titre: Stock de sols artificialisés par variante de la règle
-- title: Stock of artificialised ground by variant of the rule
-- définition: par la matrice seule ; tel que publié ; selon le producteur, quand le produit porte son
--   statut, et tel que calculé ici ([decree] status dit lequel est publié), et le terrain où les deux
--   diffèrent ; par la
--   variante du forçage qui n'est pas publiée ; et une fois mis à part le terrain exempté.
--   Déplacé par les seuils : terrain dont le statut n'est pas celui de la matrice.
-- definition: by the matrix alone; as published; by the producer, where the product carries its
--   status, and as computed here ([decree] status says which is published), and the ground on which
--   the two differ; by the variant of the forcing that is not published (the method published does
--   not settle it); and with the exempted ground set aside, where the territory has exemptions.
--   Moved by thresholds: ground whose status is not that of the matrix.
-- source: article R.101-1 of the code de l'urbanisme; the variants are ours
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year, matrix_m2, published_m2, official_m2,
--   computed_m2, official_differs_m2, other_forcing_m2, with_exemptions_m2, moved_by_thresholds_m2
SELECT
  series, commune, departement, year,
  SUM(CASE WHEN matrix = true THEN area_half_cm2 ELSE 0 END) AS matrix_half_cm2,
  SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS published_half_cm2,
  SUM(CASE WHEN official = true THEN area_half_cm2 ELSE 0 END) AS official_half_cm2,
  SUM(CASE WHEN computed = true THEN area_half_cm2 ELSE 0 END) AS computed_half_cm2,
  SUM(CASE WHEN official <> computed THEN area_half_cm2 ELSE 0 END) AS official_differs_half_cm2,
  SUM(CASE WHEN other_forcing = true THEN area_half_cm2 ELSE 0 END) AS other_forcing_half_cm2,
  SUM(CASE WHEN exempted = true THEN area_half_cm2 ELSE 0 END) AS with_exemptions_half_cm2,
  SUM(CASE WHEN threshold = true THEN area_half_cm2 ELSE 0 END) AS moved_by_thresholds_half_cm2
FROM stock
GROUP BY series, commune, departement, year
ORDER BY series, departement, commune, year
